using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>The <c>oci-layout</c> file (OCI image-spec, image-layout.md).</summary>
public sealed record ImageLayout
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "oci-layout";

    /// <summary>Version of the layout.</summary>
    [JsonPropertyName("imageLayoutVersion")]
    public string ImageLayoutVersion { get => field ?? "1.0.0"; init; }
}

/// <summary>Annotations that matter to an engine.</summary>
public static class Annotations
{
    /// <summary>Tag of a manifest in a layout's index (OCI image-spec, annotations.md).</summary>
    public const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>Full image name of a manifest in a layout's index, as containerd and Docker write it.</summary>
    public const string ContainerdImageName = "io.containerd.image.name";

    /// <summary>RFC 3339 time content was made.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>BuildKit: digest of the manifest an attestation speaks of.</summary>
    public const string ReferenceDigest = "vnd.docker.reference.digest";

    /// <summary>BuildKit: <c>attestation-manifest</c> for attestations.</summary>
    public const string ReferenceType = "vnd.docker.reference.type";
}

/// <summary>One image in the <c>manifest.json</c> of a docker-archive (<c>docker save</c>).</summary>
public sealed record ArchiveEntry
{
    /// <summary>Path of the config in the archive.</summary>
    public string Config { get => field ?? ""; init; }

    /// <summary>Names with tags.</summary>
    public IReadOnlyList<string>? RepoTags { get; init; }

    /// <summary>Paths of the layers in the archive, bottom first.</summary>
    public IReadOnlyList<string> Layers { get => field ?? []; init; }
}
