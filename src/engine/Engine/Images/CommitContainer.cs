using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What <c>docker commit</c> was asked for.</summary>
/// <param name="Repository">New name without tag; null or empty for none.</param>
/// <param name="Tag">New tag; null or empty for <c>latest</c>.</param>
/// <param name="Author">Author.</param>
/// <param name="Comment">Comment.</param>
/// <param name="Changes">Instructions such as <c>CMD ["sh"]</c>.</param>
/// <param name="Config">Config that takes the place of the container's; null for the container's.</param>
/// <param name="Pause">Whether a running container is frozen meanwhile.</param>
public sealed record CommitRequest(string? Repository, string? Tag, string? Author, string? Comment, IReadOnlyList<string> Changes, ContainerConfig? Config, bool Pause);

/// <summary><c>docker commit</c>: the container's writable layer becomes a layer of a new image. The layer is unpacked when it is first needed.</summary>
public sealed class CommitContainer(
    EnginePaths paths, ContentStore content, Snapshotter snapshots, ImageTable images, ContainerEvents events, PauseContainer pause, TimeProvider time)
{
    private static readonly Digest EmptyLayer = new("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");

    /// <summary>Commits a container.</summary>
    /// <returns>The image's id.</returns>
    /// <exception cref="EngineException">InvalidArgument for a bad name or change; Damaged when the container's image is.</exception>
    public async Task<Digest> RunAsync(Container container, CommitRequest request, CancellationToken cancel)
    {
        var name = NewImage.ParseName(request.Repository, request.Tag);
        var record = container.Record;
        var config = ConfigChanges.Apply(request.Config is null ? record.Config : MergeConfig.Fill(request.Config, record.Config), request.Changes);
        using var lease = content.BeginLease();
        var below = ReadParent(record);
        using var layer = await DiffAsync(container, request.Pause, cancel).ConfigureAwait(false);
        var empty = layer.Digest == EmptyLayer;
        var document = Document(record, request, config, below.Config, empty ? null : layer.Digest);
        var parent = below.Config is null ? (Digest?)null : new Digest(record.ImageId);
        var id = await new NewImage(content, snapshots, images)
            .StoreAsync(below.Layers, empty ? null : layer, null, document, name, parent).ConfigureAwait(false);
        events.Publish(container, "commit", ("comment", request.Comment ?? ""), ("imageID", id.ToString()), ("imageRef", name?.Familiar ?? ""));
        return id;
    }

    private (IReadOnlyList<Descriptor> Layers, ImageConfig? Config) ReadParent(ContainerRecord record)
    {
        if (!Digest.TryParse(record.ManifestDigest, out var digest))
        {
            return ([], null);
        }

        var (manifest, config) = new ChosenManifest(digest).Read(content);
        foreach (var layer in manifest.Layers)
        {
            content.Leases.Touch(layer.Digest.ToString());
        }

        return (manifest.Layers, config);
    }

    private async Task<BlobWriter> DiffAsync(Container container, bool freeze, CancellationToken cancel)
    {
        var paused = freeze && container.IsRunning && await TryPauseAsync(container, cancel).ConfigureAwait(false);
        var blob = content.BeginWrite();
        try
        {
            await Task.Run(() => DiffLayer.WriteAsync(paths.Upper(container.Id), new BlobStream(blob), cancel), cancel).ConfigureAwait(false);
            blob.Complete();
            return blob;
        }
        catch (Exception e)
        {
            blob.Dispose();
            throw LayerErrors.Translate(e) ?? e;
        }
        finally
        {
            if (paused)
            {
                await pause.UnpauseAsync(container, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    // Paused already, or ended meanwhile: nothing writes then.
    private async Task<bool> TryPauseAsync(Container container, CancellationToken cancel)
    {
        try
        {
            await pause.PauseAsync(container, cancel).ConfigureAwait(false);
            return true;
        }
        catch (EngineException e) when (e.Kind == ErrorKind.Conflict)
        {
            return false;
        }
    }

    private ImageConfig Document(ContainerRecord record, CommitRequest request, ContainerConfig config, ImageConfig? parent, Digest? layer)
    {
        var now = GoTime.Format(time.GetUtcNow());
        var platform = parent?.Platform ?? Platform.Host;
        var entry = new HistoryEntry
        {
            Created = now,
            CreatedBy = string.Join(' ', record.Config.Cmd ?? []),
            Author = Text(request.Author),
            Comment = Text(request.Comment),
            EmptyLayer = layer is null,
        };
        return new ImageConfig
        {
            Created = now,
            Author = Text(request.Author),
            Comment = Text(request.Comment),
            Container = record.Id,
            Architecture = platform.Architecture,
            Variant = platform.Variant,
            Os = platform.Os,
            OsVersion = platform.OsVersion,
            Config = ConfigMapping.ToExecutionConfig(config),
            RootFs = new RootFs { DiffIds = [.. parent?.RootFs.DiffIds ?? [], .. layer is { } digest ? (Digest[])[digest] : []] },
            History = [.. parent?.History ?? [], entry],
        };
    }

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
