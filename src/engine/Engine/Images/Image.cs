using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>An image: its row, and its manifest and config, which are read (and checked) when they are first asked for.</summary>
public sealed class Image
{
    private readonly ContentStore _content;
    private readonly Snapshotter _snapshots;
    private Manifest? _manifest;
    private ImageConfig? _config;

    internal Image(ImageRecord record, ContentStore content, Snapshotter snapshots) =>
        (Record, _content, _snapshots) = (record, content, snapshots);

    /// <summary>The row.</summary>
    public ImageRecord Record { get; }

    /// <summary>The image's id (<c>sha256:…</c>).</summary>
    public Digest ImageId => Record.ImageId;

    /// <summary>Names with tags as people write them, sorted.</summary>
    public IReadOnlyList<string> Tags => Familiar(Record.Names);

    /// <summary>Names with digests as people write them, sorted.</summary>
    public IReadOnlyList<string> RepoDigests => Familiar(Record.Digests);

    /// <summary>The manifest of this host's platform.</summary>
    /// <exception cref="EngineException">Damaged.</exception>
    public Manifest Manifest => _manifest ??= Read(Record.ManifestDigest, "manifest", bytes => Manifest.Parse(bytes));

    /// <summary>The config of this host's platform.</summary>
    /// <exception cref="EngineException">Damaged.</exception>
    public ImageConfig Config => _config ??= Read(Record.ImageId, "config", bytes => ImageConfig.Parse(bytes));

    /// <summary>The chain ids of its layers, bottom first.</summary>
    /// <exception cref="EngineException">Damaged.</exception>
    public IReadOnlyList<Digest> ChainIds => field ??= Oci.Layers.ChainIds(Config.RootFs.DiffIds);

    /// <summary>When it was made; when it came here if it does not say.</summary>
    public DateTimeOffset Created =>
        Readable && DockerApi.GoTime.TryParse(Config.Created ?? "", out var created) ? created : Record.Added;

    /// <summary>Whether manifest and config can be read; layers are not looked at.</summary>
    public bool Readable => Damage is null;

    /// <summary>What is wrong with the image, or null.</summary>
    public string? Damage
    {
        get
        {
            try
            {
                _ = Manifest;
                _ = Config;
                return null;
            }
            catch (EngineException e)
            {
                return e.Message;
            }
        }
    }

    /// <summary>Bytes of its unpacked layers; of the blobs for layers that are not unpacked; 0 when it is damaged.</summary>
    public long Size => Readable ? LayerSizes().Sum(layer => layer.Size) : 0;

    /// <summary>Each layer's chain id and size, bottom first.</summary>
    /// <exception cref="EngineException">Damaged.</exception>
    public IEnumerable<(Digest ChainId, long Size)> LayerSizes()
    {
        var layers = Manifest.Layers.Where(layer => MediaTypes.IsLayer(layer.MediaType)).ToList();
        for (var i = 0; i < ChainIds.Count; i++)
        {
            var unpacked = _snapshots.Find(ChainIds[i].ToString());
            yield return (ChainIds[i], unpacked?.Size ?? (i < layers.Count ? layers[i].Size : 0));
        }
    }

    private static IReadOnlyList<string> Familiar(IReadOnlyList<string> names) =>
        [.. names.Select(name => Reference.Parse(name).Familiar).Order(StringComparer.Ordinal)];

    private T Read<T>(Digest digest, string what, Func<byte[], T> parse)
    {
        try
        {
            return parse(_content.ReadSmall(digest));
        }
        catch (FormatException e)
        {
            throw new EngineException(ErrorKind.Damaged, $"{what} {digest} is damaged: {e.Message}", e);
        }
        catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
        {
            throw new EngineException(ErrorKind.Damaged, $"{what} {digest} is missing", e);
        }
    }
}

/// <summary>An image made ready to be run: its layers are unpacked.</summary>
/// <param name="Image">The image.</param>
/// <param name="Config">The config of the chosen platform.</param>
/// <param name="ConfigDigest">Digest of that config: the image id a container records.</param>
/// <param name="ManifestDigest">Digest of the chosen platform's manifest.</param>
/// <param name="ChainId">The top snapshot; null for an image without layers.</param>
public sealed record RunnableImage(Image Image, ImageConfig Config, Digest ConfigDigest, Digest ManifestDigest, string? ChainId);
