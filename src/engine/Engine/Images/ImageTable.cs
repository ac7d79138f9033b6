using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Every image by name, id and digest. Rows are in the state store; index.json of the layout mirrors them for other tools.</summary>
public sealed class ImageTable
{
    private readonly ContentStore _content;
    private readonly Snapshotter _snapshots;
    private readonly StateStore _state;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly LayoutIndex _index;
    private volatile IReadOnlyDictionary<string, Image> _images = new Dictionary<string, Image>();

    /// <summary>Creates it empty; call <see cref="LoadAsync"/> before use.</summary>
    public ImageTable(ContentStore content, Snapshotter snapshots, StateStore state, TimeProvider time, ILogger log)
    {
        (_content, _snapshots, _state, _time, _log) = (content, snapshots, state, time, log);
        _index = new LayoutIndex(content.Root);
    }

    /// <summary>Every image, newest first.</summary>
    public IReadOnlyList<Image> All => [.. _images.Values.OrderByDescending(image => image.Record.Added)];

    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Reads the rows; makes them anew from index.json when the state database was lost.</summary>
    public async Task LoadAsync(bool stateLost)
    {
        var records = _state.Load(StateRoom.Images).Select(row => Read(row.Key, row.Json)).OfType<ImageRecord>().ToList();
        Replace(records);
        if (stateLost)
        {
            var found = _index.Read(_log).Select(entry => Rebuild(entry.Target, entry.Names)).OfType<ImageRecord>()
                .Where(record => !_images.ContainsKey(record.Target.Digest.ToString())).ToList();
            if (found.Count > 0)
            {
                await CommitAsync(found, []).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Finds an image by name, name and digest, id, or a beginning of an id that only one image has.</summary>
    /// <exception cref="EngineException">InvalidArgument for a malformed name, NotFound when there is none.</exception>
    public Image Resolve(string reference) => Find(reference) ?? throw NoSuchImage(reference);

    /// <summary>As <see cref="Resolve"/>, but null when there is none.</summary>
    /// <exception cref="EngineException">InvalidArgument for a malformed name.</exception>
    public Image? Find(string reference)
    {
        if (Digest.TryParse(reference, out var digest) || Digest.TryParse("sha256:" + reference, out digest))
        {
            return ByDigest(digest);
        }

        var name = ParseName(reference);
        return ByName(name) ?? ByPrefix(reference);
    }

    /// <summary>Whether the text is a name that this image has, rather than an id.</summary>
    internal static bool IsNameOf(Image image, string reference) =>
        Reference.TryParse(reference, out var name, out _)
        && (image.Record.Names.Contains(name.TagNameOnly().ToString()) || HasDigestName(image, name));

    /// <summary>Finds an image and makes sure that its layers are unpacked.</summary>
    /// <param name="reference">As for <see cref="Resolve"/>.</param>
    /// <param name="platform">The platform to run; null for the host's.</param>
    /// <param name="cancel">Stops waiting and unpacking.</param>
    /// <exception cref="EngineException">NotFound, also when the image has no such platform; Damaged.</exception>
    public async Task<RunnableImage> PrepareAsync(string reference, Platform? platform, CancellationToken cancel)
    {
        while (true)
        {
            var image = Resolve(reference);
            try
            {
                return await PrepareAsync(image, reference, platform, cancel).ConfigureAwait(false);
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Damaged && WasReplaced(image))
            {
                // Removed while it was read; the name may be another image's now.
            }
        }
    }

    /// <summary>Whether an image is not what it was any more: removed, or named otherwise. What it had may be gone.</summary>
    internal bool WasReplaced(Image image) => !All.Contains(image);

    private async Task<RunnableImage> PrepareAsync(Image image, string reference, Platform? platform, CancellationToken cancel)
    {
        using var lease = _content.BeginLease();
        var chosen = new PlatformChoice(_content).Choose(image.Record, platform, reference);
        var (manifest, config) = chosen.ManifestDigest == image.Record.ManifestDigest
            ? (image.Manifest, image.Config)
            : chosen.Read(_content);
        foreach (var chain in Oci.Layers.ChainIds(config.RootFs.DiffIds))
        {
            lease.Hold(chain.ToString());
        }

        var top = await _snapshots.EnsureUnpackedAsync(manifest, config, cancel).ConfigureAwait(false);
        return new RunnableImage(image, config, manifest.Config.Digest, chosen.ManifestDigest, top);
    }

    /// <summary>The manifest of an image's platform; null for the one that its row names.</summary>
    /// <exception cref="EngineException">NotFound when the image has no such platform; Damaged.</exception>
    public Digest Choose(Image image, Platform? platform) =>
        new PlatformChoice(_content).Choose(image.Record, platform, image.ImageId.ToString()).ManifestDigest;

    /// <summary>The error for a name or id nobody has, in Docker's words.</summary>
    internal static EngineException NoSuchImage(string reference) => EngineException.NotFound(
        $"No such image: {(Digest.TryParse(reference, out _) || !Reference.TryParse(reference, out var name, out _) ? reference : name.TagNameOnly().Familiar)}");

    internal static Reference ParseName(string text) =>
        Reference.TryParse(text, out var name, out var error) ? name : throw EngineException.Invalid(error);

    /// <summary>
    /// Adds images or names to images; a name another image has moves. Commits the layers of <paramref name="batch"/> in the same transaction.
    /// </summary>
    internal Task PutAsync(IReadOnlyList<ImageRecord> images, SnapshotBatch? batch) => PutAsync(images, batch, onlyPresent: false);

    /// <summary>Gives an image further names; a name another image has moves.</summary>
    /// <returns>Whether the image was there still: one that is being removed must not come back without its content.</returns>
    internal Task<bool> AddNamesAsync(Image image, IReadOnlyList<string> names, IReadOnlyList<string> digests) =>
        PutAsync([image.Record with { Names = names, Digests = digests }], null, onlyPresent: true);

    private async Task<bool> PutAsync(IReadOnlyList<ImageRecord> images, SnapshotBatch? batch, bool onlyPresent)
    {
        await Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (onlyPresent && !images.All(image => _images.ContainsKey(image.Target.Digest.ToString())))
            {
                return false;
            }

            var change = new ImageChange(_images.Values.Select(image => image.Record), _time.GetUtcNow());
            foreach (var image in images)
            {
                change.Put(image);
            }

            await CommitAsync(change.Changed, change.Deleted, batch).ConfigureAwait(false);
            return true;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Writes rows, then memory, then index.json. The caller holds <see cref="Gate"/> or is alone.</summary>
    internal async Task CommitAsync(IReadOnlyList<ImageRecord> put, IReadOnlyList<Digest> delete, SnapshotBatch? batch = null)
    {
        IReadOnlyList<StateChange> rows =
        [
            .. put.Select(record => new StateChange(StateRoom.Images, record.Target.Digest.ToString(), JsonSerializer.SerializeToUtf8Bytes(record, ImageJson.Default.ImageRecord))),
            .. delete.Select(digest => new StateChange(StateRoom.Images, digest.ToString(), null)),
        ];
        if (batch is { IsEmpty: false })
        {
            await _snapshots.CommitAsync(batch, rows).ConfigureAwait(false);
        }
        else if (rows.Count > 0)
        {
            await _state.CommitAsync(rows).ConfigureAwait(false);
        }

        var gone = delete.Concat(put.Select(record => record.Target.Digest)).ToHashSet();
        Replace([.. _images.Values.Select(image => image.Record).Where(record => !gone.Contains(record.Target.Digest)), .. put]);
        WriteIndex(deleting: delete.Count > 0);
    }

    // A deletion must succeed on a full disk; anything else leaves the reserve to those.
    private void WriteIndex(bool deleting)
    {
        try
        {
            _index.Write(_images.Values.Select(image => image.Record));
        }
        catch (Exception e) when (deleting && ReserveFile.IsNoSpace(e) && _state.MakeRoom?.Invoke() == true)
        {
            _index.Write(_images.Values.Select(image => image.Record));
        }
    }

    private void Replace(IReadOnlyList<ImageRecord> records)
    {
        var old = _images;
        _images = records.ToDictionary(
            record => record.Target.Digest.ToString(),
            record => old.TryGetValue(record.Target.Digest.ToString(), out var image) && image.Record == record ? image : new Image(record, _content, _snapshots));
    }

    private Image? ByDigest(Digest digest) =>
        All.FirstOrDefault(image => image.ImageId == digest)
        ?? (_images.TryGetValue(digest.ToString(), out var target) ? target : All.FirstOrDefault(image => image.Record.ManifestDigest == digest));

    private Image? ByName(Reference name)
    {
        if (name.Digest is not null)
        {
            return All.FirstOrDefault(image => HasDigestName(image, name));
        }

        var full = name.TagNameOnly().ToString();
        return _images.Values.FirstOrDefault(image => image.Record.Names.Contains(full));
    }

    // repo@digest: a recorded name with that digest, or an image with that digest under any tag of the repository.
    private static bool HasDigestName(Image image, Reference name)
    {
        if (name.Digest is not { } digest)
        {
            return false;
        }

        var record = image.Record;
        return record.Digests.Contains(name.NameOnly().WithDigest(digest).ToString())
            || ((record.Target.Digest == digest || record.ManifestDigest == digest)
                && record.Names.Any(tag => Reference.Parse(tag).Name == name.Name));
    }

    private Image? ByPrefix(string text)
    {
        var hex = text.StartsWith("sha256:", StringComparison.Ordinal) ? text[7..] : text;
        if (hex.Length == 0 || !hex.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        var matches = All.Where(image => image.ImageId.Hex.StartsWith(hex, StringComparison.Ordinal)
            || image.Record.Target.Digest.Hex.StartsWith(hex, StringComparison.Ordinal)).DistinctBy(image => image.ImageId).Take(2).ToList();
        return matches.Count == 1 ? matches[0] : null;
    }

    private ImageRecord? Rebuild(Descriptor target, IReadOnlyList<string> names)
    {
        try
        {
            var chosen = new PlatformChoice(_content).Choose(target, null, target.Digest.ToString());
            return new ImageRecord
            {
                Target = target, ManifestDigest = chosen.ManifestDigest, ImageId = chosen.ConfigDigest(_content), Names = names, Added = _time.GetUtcNow(),
            };
        }
        catch (EngineException e)
        {
            _log.LogError("image {Digest} of index.json is damaged: {Reason}", target.Digest, e.Message);
            return new ImageRecord { Target = target, ManifestDigest = target.Digest, ImageId = target.Digest, Names = names, Added = _time.GetUtcNow() };
        }
    }

    private ImageRecord? Read(string key, byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ImageJson.Default.ImageRecord);
        }
        catch (JsonException e)
        {
            _log.LogError("the row of image {Digest} is unreadable: {Reason}", key, e.Message);
            _state.ReportUnreadable($"image {key}", e.Message);
            return null;
        }
    }
}
