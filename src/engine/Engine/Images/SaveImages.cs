using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Engine.Files;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>
/// <c>docker save</c>: an OCI layout that is also a docker-archive, so that every engine can load it. Blobs are copied as they are stored.
/// </summary>
public sealed class SaveImages(ImageTable images, ContentStore content, EventLog events, ILogger log)
{
    private const UnixFileMode FileMode = (UnixFileMode)0x1A4;
    private const UnixFileMode DirectoryMode = (UnixFileMode)0x1ED;

    /// <summary>Writes one archive with every image asked for. What is missing or damaged is found before the first byte is written.</summary>
    /// <param name="references">Names, names with digests, ids; a name without tag stands for all its tags.</param>
    /// <param name="platform">Only this platform; null for everything that is stored.</param>
    /// <param name="output">Where the archive goes.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">NotFound, Damaged.</exception>
    public async Task RunAsync(IReadOnlyList<string> references, Platform? platform, Stream output, CancellationToken cancel)
    {
        using var lease = content.BeginLease();
        var plan = Plan(references, platform);
        await WriteAsync(plan, output, cancel).ConfigureAwait(false);
        foreach (var image in plan.Images)
        {
            events.Publish("image", "save", image.ImageId.ToString(), ImageEvents.Attributes(image.ImageId.ToString(), image.Config));
        }
    }

    /// <summary>Writes an archive with one image under names that it need not have here.</summary>
    /// <exception cref="EngineException">Damaged.</exception>
    public async Task WriteOneAsync(Image image, IReadOnlyList<string> names, Stream output, CancellationToken cancel)
    {
        using var lease = content.BeginLease();
        var plan = new SavePlan(content);
        plan.Add(image, names, null, image.ImageId.ToString());
        await WriteAsync(plan, output, cancel).ConfigureAwait(false);
    }

    /// <summary>Checks that a later <see cref="RunAsync"/> will find everything, so that errors can still be answered properly.</summary>
    /// <exception cref="EngineException">NotFound, Damaged.</exception>
    public void Check(IReadOnlyList<string> references, Platform? platform) => Plan(references, platform);

    private SavePlan Plan(IReadOnlyList<string> references, Platform? platform)
    {
        var plan = new SavePlan(content);
        foreach (var reference in references)
        {
            foreach (var (image, names) in Find(reference))
            {
                try
                {
                    plan.Add(image, names, platform, reference);
                }
                catch (EngineException e) when (e.Kind == ErrorKind.Damaged && images.WasReplaced(image))
                {
                    // Removed while it was read; the name may be another image's now.
                    return Plan(references, platform);
                }
            }
        }

        return plan;
    }

    private IEnumerable<(Image Image, IReadOnlyList<string> Names)> Find(string reference)
    {
        if (Reference.TryParse(reference, out var name, out _) && name is { Tag: null, Digest: null })
        {
            var all = images.All.Select(image => (image, Names: Tagged(image, name.Name))).Where(found => found.Names.Count > 0).ToList();
            if (all.Count > 0)
            {
                return all;
            }
        }

        var single = images.Resolve(reference);
        return [(single, name?.Tag is not null && single.Record.Names.Contains(name.ToString()) ? [name.ToString()] : [])];
    }

    private static IReadOnlyList<string> Tagged(Image image, string repository) =>
        [.. image.Record.Names.Where(name => Reference.Parse(name).Name == repository)];

    private async Task WriteAsync(SavePlan plan, Stream output, CancellationToken cancel)
    {
        using var tar = new TarWriter(output);
        foreach (var directory in (string[])["blobs/", "blobs/sha256/"])
        {
            await tar.WriteAsync(new TarEntry { Kind = TarKind.Directory, Name = directory, Mode = DirectoryMode }, cancel).ConfigureAwait(false);
        }

        foreach (var blob in plan.Blobs)
        {
            using var file = content.Open(blob);
            var size = RandomAccess.GetLength(file);
            await tar.WriteAsync(Entry($"blobs/sha256/{blob.Hex}", size), cancel).ConfigureAwait(false);
            using var hash = new DigestHash(blob.Algorithm);
            await tar.CopyAsync(file, size, cancel, hash).ConfigureAwait(false);
            if (hash.Finish() != blob)
            {
                // Part of it is on its way already: the archive ends here, incomplete, and no client takes it for whole.
                var damage = ContentStore.Mismatch(blob);
                log.LogError("an image archive was cut short: {Reason}", damage.Message);
                throw damage;
            }
        }

        await DocumentAsync(tar, "index.json", plan.Index(), cancel).ConfigureAwait(false);
        await DocumentAsync(tar, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(plan.Entries, OciJson.Canonical.ArchiveEntries), cancel).ConfigureAwait(false);
        await DocumentAsync(tar, ImageLayout.FileName, """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray(), cancel).ConfigureAwait(false);
        await DocumentAsync(tar, "repositories", JsonSerializer.SerializeToUtf8Bytes(plan.Repositories, OciJson.Canonical.ArchiveRepositories), cancel).ConfigureAwait(false);
        await tar.FinishAsync(cancel).ConfigureAwait(false);
    }

    private static TarEntry Entry(string name, long size) => new() { Kind = TarKind.File, Name = name, Mode = FileMode, Size = size };

    private static async Task DocumentAsync(TarWriter tar, string name, byte[] document, CancellationToken cancel)
    {
        await tar.WriteAsync(Entry(name, document.Length), cancel).ConfigureAwait(false);
        await tar.WriteContentAsync(document, cancel).ConfigureAwait(false);
    }
}
