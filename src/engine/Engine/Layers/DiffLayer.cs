using Microsoft.Win32.SafeHandles;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// Writes an overlay upper directory as a layer (OCI image-spec, layer.md): whiteout devices become <c>.wh.NAME</c>, opaque directories get
/// <c>.wh..wh..opq</c>. Entries are in order of their names, so that the same tree gives the same bytes. Sockets are left out.
/// </summary>
internal sealed class DiffLayer(TarWriter tar, bool toCompare, CancellationToken cancel)
{
    private const int Deepest = 1000;
    private const string Opaque = "trusted.overlay.opaque";

    private readonly Dictionary<(DeviceNumber, ulong), string> _names = [];
    private long _size;

    /// <summary>Writes the whole archive.</summary>
    /// <param name="upper">The directory.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="toCompare">Leaves the times of directories out: those that no archive names have the time at which they were made.</param>
    /// <returns>Bytes of its regular files.</returns>
    internal static async Task<long> WriteAsync(string upper, Stream output, CancellationToken cancel, bool toCompare = false)
    {
        using var tar = new TarWriter(output);
        using var root = SafePath.Open(upper);
        var diff = new DiffLayer(tar, toCompare, cancel);
        await diff.ChildrenAsync(root, "", 0).ConfigureAwait(false);
        await tar.FinishAsync(cancel).ConfigureAwait(false);
        return diff._size;
    }

    private async Task ChildrenAsync(SafePath directory, string prefix, int depth)
    {
        if (depth > Deepest)
        {
            throw new TarException($"\"{LayerPath.Shown(prefix)}\" is too deep");
        }

        using var handle = directory.OpenDirectory(".");
        foreach (var child in directory.ReadDirectory(".").OrderBy(child => child.Name, StringComparer.Ordinal).ToList())
        {
            cancel.ThrowIfCancellationRequested();
            if (handle.Stat(child.Name) is not { IsSocket: false } stat)
            {
                continue;
            }

            if (LowerView.IsWhiteout(stat))
            {
                await MarkAsync(prefix + ".wh." + child.Name, stat).ConfigureAwait(false);
            }
            else if (stat.IsDirectory)
            {
                await DirectoryAsync(directory, child.Name, prefix, stat, depth).ConfigureAwait(false);
            }
            else
            {
                await LeafAsync(directory, handle, child.Name, prefix + child.Name, stat).ConfigureAwait(false);
            }
        }
    }

    private async Task DirectoryAsync(SafePath parent, string name, string prefix, FileStat stat, int depth)
    {
        var path = prefix + name + "/";
        var entry = Entry(TarKind.Directory, path, stat, Attributes(parent, name));
        await tar.WriteAsync(toCompare ? entry with { ModifiedNs = 0 } : entry, cancel).ConfigureAwait(false);
        if (parent.GetXattr(name, Opaque) is [(byte)'y'])
        {
            await MarkAsync(path + ".wh..wh..opq", stat).ConfigureAwait(false);
        }

        using var child = parent.OpenSubroot(name);
        await ChildrenAsync(child, path, depth + 1).ConfigureAwait(false);
    }

    private ValueTask MarkAsync(string path, FileStat stat) => tar.WriteAsync(
        new TarEntry { Kind = TarKind.File, Name = path, ModifiedNs = Whole(stat.MTimeNs) }, cancel);

    private async Task LeafAsync(SafePath parent, DirHandle handle, string name, string path, FileStat stat)
    {
        if (stat.NLink > 1 && !_names.TryAdd((stat.Dev, stat.Ino), path))
        {
            await tar.WriteAsync(Entry(TarKind.HardLink, path, stat, null) with { LinkName = _names[(stat.Dev, stat.Ino)] }, cancel).ConfigureAwait(false);
            return;
        }

        if (stat.IsRegular)
        {
            _size += stat.Size;
            using var file = handle.OpenRead(name);
            await tar.WriteAsync(Entry(TarKind.File, path, stat, Attributes(file)) with { Size = stat.Size }, cancel).ConfigureAwait(false);
            await tar.CopyAsync(file, stat.Size, cancel).ConfigureAwait(false);
            return;
        }

        var attributes = Attributes(parent, name);
        var entry = stat switch
        {
            { IsSymlink: true } => Entry(TarKind.SymbolicLink, path, stat, attributes) with { LinkName = parent.ReadLink(name) },
            { IsFifo: true } => Entry(TarKind.Fifo, path, stat, attributes),
            { IsBlockDevice: true } => Entry(TarKind.BlockDevice, path, stat, attributes) with { Major = stat.Rdev.Major, Minor = stat.Rdev.Minor },
            _ => Entry(TarKind.CharacterDevice, path, stat, attributes) with { Major = stat.Rdev.Major, Minor = stat.Rdev.Minor },
        };
        await tar.WriteAsync(entry, cancel).ConfigureAwait(false);
    }

    private static TarEntry Entry(TarKind kind, string path, FileStat stat, IReadOnlyList<KeyValuePair<string, byte[]>>? attributes) => new()
    {
        Kind = kind, Name = path, Mode = stat.Permissions, Uid = stat.Uid, Gid = stat.Gid, ModifiedNs = Whole(stat.MTimeNs), Attributes = attributes,
    };

    private static long Whole(long nanoseconds) => nanoseconds - (((nanoseconds % 1_000_000_000) + 1_000_000_000) % 1_000_000_000);

    private static List<KeyValuePair<string, byte[]>>? Attributes(SafePath parent, string name) =>
        Attributes(parent.ListXattr(name), attribute => parent.GetXattr(name, attribute));

    private static List<KeyValuePair<string, byte[]>>? Attributes(SafeFileHandle file) =>
        Attributes(OpenFileAttributes.ListXattr(file), attribute => OpenFileAttributes.GetXattr(file, attribute));

    private static List<KeyValuePair<string, byte[]>>? Attributes(IReadOnlyList<string> names, Func<string, byte[]?> read)
    {
        List<KeyValuePair<string, byte[]>>? found = null;
        foreach (var attribute in names.Order(StringComparer.Ordinal))
        {
            if (LayerAttributes.IsContent(attribute) && read(attribute) is { } value)
            {
                (found ??= []).Add(new(attribute, value));
            }
        }

        return found;
    }
}
