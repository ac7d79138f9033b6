using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>An image made of layers: its config and manifest as documents.</summary>
public sealed class BuiltImage
{
    private readonly byte[] _config;
    private readonly byte[] _manifest;

    /// <summary>Makes the documents.</summary>
    /// <param name="config">The whole config; its layers are those of <paramref name="layers"/>.</param>
    /// <param name="layers">The layers, bottom first.</param>
    /// <param name="names">Names with tags.</param>
    /// <param name="annotations">Annotations of the manifest, or null.</param>
    public BuiltImage(ImageConfig config, IReadOnlyList<Descriptor> layers, IReadOnlyList<Reference> names, IReadOnlyDictionary<string, string>? annotations = null)
    {
        _config = config.ToBytes();
        Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digest.Of(_config), Size = _config.Length };
        var manifest = new Manifest { MediaType = MediaTypes.OciManifest, Config = Config, Layers = layers, Annotations = annotations };
        _manifest = manifest.ToBytes();
        Target = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = Digest.Of(_manifest), Size = _manifest.Length };
        Row = new ImageRecord { Target = Target, ManifestDigest = Target.Digest, ImageId = Config.Digest, Names = [.. names.Select(name => name.TagNameOnly().ToString())] };
    }

    /// <summary>The config; its digest is the image's id.</summary>
    public Descriptor Config { get; }

    /// <summary>The manifest.</summary>
    public Descriptor Target { get; }

    internal ImageRecord Row { get; }

    internal List<BlobWriter> Stage(ContentStore content)
    {
        var staged = new List<BlobWriter>();
        foreach (var document in (ReadOnlySpan<byte[]>)[_config, _manifest])
        {
            var digest = Digest.Of(document);
            content.Leases.Touch(digest.ToString());
            if (content.Contains(digest))
            {
                continue;
            }

            var blob = content.BeginWrite();
            blob.Write(document);
            blob.Complete();
            staged.Add(blob);
        }

        return staged;
    }
}
