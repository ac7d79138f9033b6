using System.Security.Cryptography;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>An unpacked layer whose files are not those of its blob.</summary>
/// <param name="Snapshot">Its chain id.</param>
/// <param name="Image">An image that has it.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Repaired">Whether it was unpacked anew.</param>
public sealed record SnapshotDamage(Digest Snapshot, string Image, string Reason, bool Repaired);

/// <summary>Compares every unpacked layer with its blob, by unpacking that once more beside it, and replaces what differs.</summary>
public sealed class CheckSnapshots(Snapshotter snapshots, ContentStore content, ImageTable images, Func<IReadOnlyList<ImageUse>> uses)
{
    /// <summary>Checks the layers of all images whose blobs are sound.</summary>
    /// <param name="repair">Whether damaged ones are replaced; not below a running container, which would see files change.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<IReadOnlyList<SnapshotDamage>> RunAsync(bool repair, CancellationToken cancel)
    {
        using var lease = content.BeginLease();
        var (found, seen) = (new List<SnapshotDamage>(), new HashSet<Digest>());
        foreach (var image in images.All.Where(image => image.Readable))
        {
            var (layers, diffIds) = (image.Manifest.Layers, image.Config.RootFs.DiffIds);
            var chain = Oci.Layers.ChainIds(diffIds);
            for (var i = 0; i < chain.Count && layers.Count == chain.Count; i++)
            {
                lease.Hold(chain[i].ToString());
                if (seen.Add(chain[i]) && snapshots.Find(chain[i].ToString()) is { } row && content.Contains(layers[i].Digest)
                    && await CheckAsync(row, layers[i], image, repair, cancel).ConfigureAwait(false) is { } damage)
                {
                    found.Add(damage);
                }
            }
        }

        return found;
    }

    private async Task<SnapshotDamage?> CheckAsync(SnapshotRecord row, Descriptor layer, Image image, bool repair, CancellationToken cancel)
    {
        await snapshots.Gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            using var fresh = snapshots.BeginUnpack(layer.Digest, cancel);
            await fresh.WhenDone.ConfigureAwait(false);
            if (fresh.DiffId != row.DiffId)
            {
                return null;
            }

            AttachLayer.Run(fresh.Applied, fresh.FileSystem, row.Parent is { } parent ? snapshots.LowerDirs(parent.ToString()) : []);
            if (await SameAsync(Path.Combine(snapshots.Top(row), "fs"), fresh.FileSystem, cancel).ConfigureAwait(false))
            {
                return null;
            }

            var name = image.Tags.Count > 0 ? image.Tags[0] : image.ImageId.ToString();
            if (repair && User(row.ChainId) is { } user)
            {
                return new SnapshotDamage(row.ChainId, name, $"its files are not those of layer {layer.Digest}; stop container {user[..Math.Min(12, user.Length)]} to have it repaired", false);
            }

            if (repair)
            {
                snapshots.Replace(row, fresh);
            }

            return new SnapshotDamage(row.ChainId, name, $"its files are not those of layer {layer.Digest}", repair);
        }
        catch (Exception e) when (e is EngineException or TarException or InvalidDataException)
        {
            // The blob itself is damaged, and named so elsewhere.
            return null;
        }
        finally
        {
            snapshots.Gate.Release();
        }
    }

    private string? User(Digest chain) => uses().Where(use => use.Running).FirstOrDefault(use =>
    {
        for (var next = use.ChainId; next is not null; next = snapshots.Find(next)?.Parent?.ToString())
        {
            if (next == chain.ToString())
            {
                return true;
            }
        }

        return false;
    })?.ContainerId;

    private static async Task<bool> SameAsync(string one, string other, CancellationToken cancel)
    {
        var hashes = await Task.WhenAll(HashAsync(one, cancel), HashAsync(other, cancel)).ConfigureAwait(false);
        return hashes[0].AsSpan().SequenceEqual(hashes[1]);
    }

    // A missing directory is a difference like any other.
    private static async Task<byte[]> HashAsync(string tree, CancellationToken cancel)
    {
        if (!Directory.Exists(tree))
        {
            return [];
        }

        using var sha = SHA256.Create();
        await using (var hashed = new CryptoStream(Stream.Null, sha, CryptoStreamMode.Write))
        {
            await Task.Run(() => DiffLayer.WriteAsync(tree, hashed, cancel, toCompare: true), cancel).ConfigureAwait(false);
        }

        return sha.Hash!;
    }
}
