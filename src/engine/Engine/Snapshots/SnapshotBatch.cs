using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>Layers that become snapshots together: completed against what lies below, then (after one flush) renamed, then rows.</summary>
internal sealed class SnapshotBatch(Snapshotter snapshots)
{
    private readonly List<(SnapshotRecord Row, string Staged)> _new = [];

    /// <summary>Whether the stack exists or will.</summary>
    internal bool Contains(Digest chainId) => snapshots.Contains(chainId) || _new.Any(entry => entry.Row.ChainId == chainId);

    /// <summary>Whether there is anything to flush and publish.</summary>
    internal bool IsEmpty => _new.Count == 0;

    /// <summary>Takes an unpacked layer.</summary>
    /// <exception cref="TarException">The layer needs a file below that does not exist.</exception>
    internal void Add(LayerUnpack unpack, Digest? parent)
    {
        AttachLayer.Run(unpack.Applied, unpack.FileSystem, Below(parent));
        AddDirectory(unpack.Take(), parent, unpack.DiffId, unpack.Applied.Size);
    }

    /// <summary>Takes a directory that holds a finished <c>fs</c>.</summary>
    internal Digest AddDirectory(string staged, Digest? parent, Digest diffId, long size)
    {
        var chain = parent is { } below ? Oci.Layers.Next(below, diffId) : diffId;
        if (!Contains(chain))
        {
            var row = snapshots.NewRow(chain, parent, diffId, size);
            Snapshotter.WriteRecord(staged, row);
            _new.Add((row, staged));
        }

        return chain;
    }

    /// <summary>Gives every directory its final name. Everything in them is on the device already.</summary>
    internal List<SnapshotRecord> Publish()
    {
        foreach (var (row, staged) in _new)
        {
            snapshots.Touch(row.ChainId);
            Directory.Move(staged, snapshots.Top(row));
        }

        return [.. _new.Select(entry => entry.Row)];
    }

    private List<string> Below(Digest? parent)
    {
        var directories = new List<string>();
        while (parent is { } chain)
        {
            var (row, staged) = _new.Find(entry => entry.Row.ChainId == chain);
            if (row is null)
            {
                directories.AddRange(snapshots.LowerDirs(chain.ToString()));
                break;
            }

            directories.Add(Path.Combine(staged, "fs"));
            parent = row.Parent;
        }

        return directories;
    }
}
