namespace Slipway.Oci;

/// <summary>How a layer's archive is compressed.</summary>
public enum Compression
{
    /// <summary>A plain tar.</summary>
    None,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>RFC 8878.</summary>
    Zstd,
}

/// <summary>Media types of OCI and Docker content, and what they mean.</summary>
public static class MediaTypes
{
    /// <summary>OCI image index.</summary>
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>OCI image manifest.</summary>
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>OCI image config.</summary>
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>OCI layer, plain tar.</summary>
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI layer, gzip.</summary>
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>OCI layer, zstd.</summary>
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>OCI empty descriptor.</summary>
    public const string OciEmpty = "application/vnd.oci.empty.v1+json";

    /// <summary>Docker manifest list.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Docker manifest, schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker image config.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>Docker layer, gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Docker layer, plain tar.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Docker layer, zstd.</summary>
    public const string DockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";

    private const string OciForeignPrefix = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    private const string DockerForeignPrefix = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    /// <summary>Whether this is an index or manifest list.</summary>
    public static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerManifestList;

    /// <summary>Whether this is the manifest of one image.</summary>
    public static bool IsManifest(string mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>Whether this is an image config.</summary>
    public static bool IsConfig(string mediaType) => mediaType is OciConfig or DockerConfig;

    /// <summary>Whether this is a file system layer, distributable or not.</summary>
    public static bool IsLayer(string mediaType) =>
        mediaType is OciLayer or OciLayerGzip or OciLayerZstd or DockerLayer or DockerLayerGzip or DockerLayerZstd
        || IsForeignLayer(mediaType);

    /// <summary>Whether this is a layer that must not be pushed to registries.</summary>
    public static bool IsForeignLayer(string mediaType) =>
        mediaType.StartsWith(OciForeignPrefix, StringComparison.Ordinal)
        || mediaType.StartsWith(DockerForeignPrefix, StringComparison.Ordinal);

    /// <summary>How content of this layer type is compressed, by its suffix.</summary>
    public static Compression CompressionOf(string mediaType) =>
        mediaType.EndsWith("gzip", StringComparison.Ordinal) ? Compression.Gzip
        : mediaType.EndsWith("zstd", StringComparison.Ordinal) ? Compression.Zstd
        : Compression.None;
}
