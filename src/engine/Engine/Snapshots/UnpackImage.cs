using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>Unpacks what is missing of an image's layers from their blobs, several at once.</summary>
internal sealed class UnpackImage(Snapshotter snapshots)
{
    internal async Task RunAsync(Manifest manifest, ImageConfig config, CancellationToken cancel)
    {
        var layers = manifest.Layers.Where(layer => MediaTypes.IsLayer(layer.MediaType)).ToList();
        var diffIds = config.RootFs.DiffIds;
        if (layers.Count != diffIds.Count)
        {
            throw new EngineException(ErrorKind.Damaged, $"image has {layers.Count} layers where its config names {diffIds.Count}");
        }

        var chain = Oci.Layers.ChainIds(diffIds);
        var unpacks = new LayerUnpack?[chain.Count];
        try
        {
            for (var i = 0; i < unpacks.Length; i++)
            {
                unpacks[i] = snapshots.Contains(chain[i]) ? null : snapshots.BeginUnpack(layers[i].Digest, cancel);
            }

            var batch = new SnapshotBatch(snapshots);
            for (var i = 0; i < unpacks.Length; i++)
            {
                if (unpacks[i] is { } unpack)
                {
                    await FinishAsync(unpack, layers[i], diffIds[i]).ConfigureAwait(false);
                    batch.Add(unpack, i == 0 ? null : chain[i - 1]);
                }
            }

            await Task.Run(snapshots.Flush, cancel).ConfigureAwait(false);
            await snapshots.CommitAsync(batch, []).ConfigureAwait(false);
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
        finally
        {
            foreach (var unpack in unpacks)
            {
                unpack?.Dispose();
            }
        }
    }

    private static async Task FinishAsync(LayerUnpack unpack, Descriptor layer, Digest diffId)
    {
        try
        {
            await unpack.WhenDone.ConfigureAwait(false);
        }
        catch (Exception e) when (e is TarException or InvalidDataException)
        {
            throw new EngineException(ErrorKind.Damaged, $"layer {layer.Digest} is damaged: {e.Message}", e);
        }

        if (unpack.DiffId != diffId)
        {
            throw new EngineException(ErrorKind.Damaged, $"layer {layer.Digest} is damaged: its content has digest {unpack.DiffId}, expected {diffId}");
        }
    }
}
