using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>
/// Layers that a build makes. A step's directory gets its final place among the snapshots by one rename and can be stacked at once; its
/// archive and digest are made meanwhile. Only with its row, after one flush for all, is it there to stay: what has none is swept at start.
/// </summary>
public sealed class StepLayers
{
    private readonly EnginePaths _paths;
    private readonly ContentStore _content;
    private readonly Snapshotter _snapshots;
    private readonly ImageTable _images;
    private readonly Action<string> _remove;

    internal StepLayers(EnginePaths paths, ContentStore content, Snapshotter snapshots, ImageTable images, Action<string> remove) =>
        (_paths, _content, _snapshots, _images, _remove) = (paths, content, snapshots, images, remove);

    /// <summary>A stack that is unpacked, as layers to build on. The caller holds a lease.</summary>
    /// <param name="diffIds">Digests of the plain layers, bottom first.</param>
    /// <param name="blobs">The layers as the manifest names them, bottom first; null for layers that were built here.</param>
    /// <returns>The top layer; null for no layers. Null too when some layer is not unpacked any more: <paramref name="missing"/> then.</returns>
    public StepLayer? Known(IReadOnlyList<Digest> diffIds, IReadOnlyList<Descriptor>? blobs, out bool missing)
    {
        StepLayer? top = null;
        var chains = Oci.Layers.ChainIds(diffIds);
        missing = false;
        for (var i = 0; i < chains.Count; i++)
        {
            if (Known(top, chains[i], diffIds[i], blobs?[i]) is not { } layer)
            {
                missing = true;
                return null;
            }

            top = layer;
        }

        return top;
    }

    /// <summary>One more layer that is known to the engine, on top of a stack; null when it is not unpacked any more.</summary>
    public StepLayer? Known(StepLayer? below, Digest chainId, Digest diffId, Descriptor? blob)
    {
        _content.Leases.Touch(chainId.ToString());
        _content.Leases.Touch((blob?.Digest ?? diffId).ToString());
        if (_snapshots.Find(chainId.ToString()) is not { } row || (blob is null && !_content.Contains(diffId)))
        {
            return null;
        }

        var described = blob ?? new Descriptor { MediaType = MediaTypes.OciLayer, Digest = diffId, Size = _content.Size(diffId) };
        var content = new LayerContent(diffId, chainId, described, row.Size);
        return new StepLayer(below, Path.Combine(_snapshots.Top(row), "fs"), Task.FromResult(content), null, row.Number) { IsCommitted = true };
    }

    /// <summary>An empty directory in which a layer can be made, on the file system of the snapshots.</summary>
    public string BeginDirectory()
    {
        var directory = Path.Combine(_paths.Staging, $"step-{Guid.NewGuid():N}");
        Directory.CreateDirectory(directory, (UnixFileMode)0x1ED);
        return directory;
    }

    /// <summary>Puts a finished directory on top of a stack. The directory is renamed; its archive is written in the background.</summary>
    /// <param name="below">The stack.</param>
    /// <param name="directory">An overlay upper directory; no longer the caller's.</param>
    /// <param name="cancel">Stops writing the archive.</param>
    public StepLayer Add(StepLayer? below, string directory, CancellationToken cancel)
    {
        var number = _snapshots.NextNumber();
        var home = Path.Combine(_snapshots.Top(number), "fs");
        Directory.CreateDirectory(_snapshots.Top(number));
        Directory.Move(directory, home);
        var blob = _content.BeginWrite();
        return new StepLayer(below, home, Task.Run(() => ArchiveAsync(below, home, blob, cancel), cancel), blob, number);
    }

    /// <summary>
    /// Makes layers, rows and an image durable together: flush, publish, one commit. Layers whose content the engine knows already under
    /// another directory keep that one.
    /// </summary>
    /// <param name="layers">Layers whose content is known, those below before those above; all that lie below are committed or among them.</param>
    /// <param name="rows">Further rows that name them.</param>
    /// <param name="image">An image made of them, or null.</param>
    public async Task CommitAsync(IReadOnlyList<StepLayer> layers, IReadOnlyList<StateChange> rows, BuiltImage? image)
    {
        await _snapshots.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await CommitGatedAsync(layers, rows, image).ConfigureAwait(false);
        }
        finally
        {
            _snapshots.Gate.Release();
        }
    }

    /// <summary>Removes layers that were never committed. Nothing uses them any more.</summary>
    public void Discard(StepLayer layer)
    {
        if (layer.IsCommitted || layer.Blob is null)
        {
            return;
        }

        // The archive may still be being written; it reads the directory.
        _ = layer.Content.ContinueWith(
            done =>
            {
                _ = done.Exception;
                layer.Blob.Dispose();
                _remove(_snapshots.Top(layer.Number));
            },
            TaskScheduler.Default);
    }

    private async Task CommitGatedAsync(IReadOnlyList<StepLayer> layers, IReadOnlyList<StateChange> rows, BuiltImage? image)
    {
        var fresh = new List<(StepLayer Layer, SnapshotRecord Row)>();
        foreach (var layer in layers.Where(layer => !layer.IsCommitted))
        {
            var content = await layer.Content.ConfigureAwait(false);
            if (!_snapshots.Contains(content.ChainId) && fresh.All(other => other.Row.ChainId != content.ChainId))
            {
                var parent = layer.Below is null ? (Digest?)null : (await layer.Below.Content.ConfigureAwait(false)).ChainId;
                var row = _snapshots.NewRow(content.ChainId, parent, content.DiffId, content.Size) with { Number = layer.Number };
                Snapshotter.WriteRecord(_snapshots.Top(row), row);
                fresh.Add((layer, row));
            }
        }

        var documents = image?.Stage(_content) ?? [];
        try
        {
            if (fresh.Count > 0 || documents.Count > 0)
            {
                await Task.Run(_snapshots.Flush).ConfigureAwait(false);
            }

            _content.Publish([.. fresh.Select(entry => entry.Layer.Blob!).Where(blob => !_content.Contains(blob.Digest)), .. documents]);
            await _snapshots.CommitInPlaceAsync([.. fresh.Select(entry => entry.Row)], rows).ConfigureAwait(false);
            fresh.ForEach(entry => entry.Layer.IsCommitted = true);
            if (image is not null)
            {
                await _images.PutAsync([image.Row], null).ConfigureAwait(false);
            }
        }
        finally
        {
            fresh.ForEach(entry => entry.Layer.Blob!.Dispose());
            documents.ForEach(document => document.Dispose());
        }
    }

    private static async Task<LayerContent> ArchiveAsync(StepLayer? below, string directory, BlobWriter blob, CancellationToken cancel)
    {
        try
        {
            var size = await DiffLayer.WriteAsync(directory, new BlobStream(blob), cancel).ConfigureAwait(false);
            var diffId = blob.Complete();
            var under = below is null ? null : await below.Content.ConfigureAwait(false);
            var chain = under is null ? diffId : Oci.Layers.Next(under.ChainId, diffId);
            return new LayerContent(diffId, chain, new Descriptor { MediaType = MediaTypes.OciLayer, Digest = diffId, Size = blob.Length }, size);
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
    }
}
