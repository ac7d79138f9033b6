using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What <c>docker import</c> was asked for.</summary>
/// <param name="Repository">New name without tag; null or empty for none.</param>
/// <param name="Tag">New tag; null or empty for <c>latest</c>.</param>
/// <param name="Message">Comment; null or empty for Docker's own.</param>
/// <param name="Changes">Instructions such as <c>CMD ["sh"]</c>.</param>
/// <param name="Platform">Null for the host's.</param>
/// <param name="Source">Where the archive comes from, for the comment: <c>-</c> or a URL.</param>
public sealed record ImportRequest(string? Repository, string? Tag, string? Message, IReadOnlyList<string> Changes, Platform? Platform, string Source);

/// <summary><c>docker import</c>: an archive of a root file system becomes an image of one layer, hashed, stored and unpacked in one pass.</summary>
public sealed class ImportImage(ContentStore content, Snapshotter snapshots, ImageTable images, EventLog events, TimeProvider time)
{
    /// <summary>Imports the archive: plain or packed with gzip, bzip2, xz or zstd.</summary>
    /// <returns>The image's id.</returns>
    /// <exception cref="EngineException">InvalidArgument for a bad name, change or archive.</exception>
    public async Task<Digest> RunAsync(Stream body, ImportRequest request, CancellationToken cancel)
    {
        var name = NewImage.ParseName(request.Repository, request.Tag);
        var config = ConfigChanges.Apply(new ContainerConfig(), request.Changes);
        using var lease = content.BeginLease();
        using var blob = content.BeginWrite();
        using var unpack = snapshots.BeginUnpack(blob, Packing.None, cancel);
        try
        {
            await Task.Factory.StartNew(() => Read(body, blob, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            await unpack.WhenDone.ConfigureAwait(false);
            var id = await new NewImage(content, snapshots, images)
                .StoreAsync([], blob, unpack, Config(request, config, blob.Digest), name, null).ConfigureAwait(false);
            events.Publish("image", "import", id.ToString(), new Dictionary<string, string> { ["name"] = name?.Familiar ?? id.ToString() });
            return id;
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    private static void Read(Stream body, BlobWriter blob, CancellationToken cancel)
    {
        using var blocking = new BlockingStream(body, cancel);
        using var plain = Decompression.Open(blocking);
        var buffer = new byte[1 << 18];
        for (int read; (read = plain.Read(buffer, 0, buffer.Length)) > 0;)
        {
            blob.Write(buffer.AsSpan(0, read));
        }

        blob.Complete();
    }

    private ImageConfig Config(ImportRequest request, ContainerConfig config, Digest layer)
    {
        var platform = request.Platform ?? Platform.Host;
        var now = GoTime.Format(time.GetUtcNow());
        var comment = string.IsNullOrEmpty(request.Message) ? $"Imported from {request.Source}" : request.Message;
        return new ImageConfig
        {
            Created = now,
            Architecture = platform.Architecture,
            Variant = platform.Variant,
            Os = platform.Os,
            Config = ConfigMapping.ToExecutionConfig(config),
            RootFs = new RootFs { DiffIds = [layer] },
            History = [new HistoryEntry { Created = now, Comment = comment }],
            Comment = comment,
        };
    }
}
