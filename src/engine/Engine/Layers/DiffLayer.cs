using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// Writes an overlay upper directory as a layer (OCI image-spec, layer.md): whiteout devices become <c>.wh.NAME</c>, opaque directories get
/// <c>.wh..wh..opq</c>. Entries are in order of their names, so that the same tree gives the same bytes. Sockets are left out.
/// </summary>
internal sealed class DiffLayer(TarWriter tar, CancellationToken cancel)
{
    private const int Deepest = 1000;
    private const string Opaque = "trusted.overlay.opaque";

    private readonly Dictionary<(DeviceNumber, ulong), string> _names = [];

    /// <summary>Writes the whole archive.</summary>
    internal static async Task WriteAsync(string upper, Stream output, CancellationToken cancel)
    {
        using var tar = new TarWriter(output);
        using var root = SafePath.Open(upper);
        await new DiffLayer(tar, cancel).ChildrenAsync(root, "", 0).ConfigureAwait(false);
        await tar.FinishAsync(cancel).ConfigureAwait(false);
    }

    private async Task ChildrenAsync(SafePath directory, string prefix, int depth)
    {
        if (depth > Deepest)
        {
            throw new TarException($"\"{LayerPath.Shown(prefix)}\" is too deep");
        }

        foreach (var child in directory.ReadDirectory(".").OrderBy(child => child.Name, StringComparer.Ordinal).ToList())
        {
            cancel.ThrowIfCancellationRequested();
            if (directory.Stat(child.Name) is not { IsSocket: false } stat)
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
                await LeafAsync(directory, child.Name, prefix + child.Name, stat).ConfigureAwait(false);
            }
        }
    }

    private async Task DirectoryAsync(SafePath parent, string name, string prefix, FileStat stat, int depth)
    {
        var path = prefix + name + "/";
        await tar.WriteAsync(Entry(TarKind.Directory, path, stat, Attributes(parent, name)), cancel).ConfigureAwait(false);
        if (parent.GetXattr(name, Opaque) is [(byte)'y'])
        {
            await MarkAsync(path + ".wh..wh..opq", stat).ConfigureAwait(false);
        }

        using var child = parent.OpenSubroot(name);
        await ChildrenAsync(child, path, depth + 1).ConfigureAwait(false);
    }

    private ValueTask MarkAsync(string path, FileStat stat) => tar.WriteAsync(
        new TarEntry { Kind = TarKind.File, Name = path, ModifiedNs = Whole(stat.MTimeNs) }, cancel);

    private async Task LeafAsync(SafePath parent, string name, string path, FileStat stat)
    {
        if (stat.NLink > 1 && !_names.TryAdd((stat.Dev, stat.Ino), path))
        {
            await tar.WriteAsync(Entry(TarKind.HardLink, path, stat, null) with { LinkName = _names[(stat.Dev, stat.Ino)] }, cancel).ConfigureAwait(false);
            return;
        }

        var attributes = Attributes(parent, name);
        if (stat.IsRegular)
        {
            using var file = parent.OpenRead(name, followLast: false);
            await tar.WriteAsync(Entry(TarKind.File, path, stat, attributes) with { Size = stat.Size }, cancel).ConfigureAwait(false);
            await tar.CopyAsync(file, stat.Size, cancel).ConfigureAwait(false);
            return;
        }

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

    // What the file system and overlayfs keep for themselves is no content. Labels of a security module belong to this host.
    private static IReadOnlyList<KeyValuePair<string, byte[]>>? Attributes(SafePath parent, string name)
    {
        List<KeyValuePair<string, byte[]>>? found = null;
        foreach (var attribute in parent.ListXattr(name).Order(StringComparer.Ordinal))
        {
            if (attribute != "security.selinux" && LayerAttributes.IsWanted(attribute) && !attribute.StartsWith("system.", StringComparison.Ordinal)
                && parent.GetXattr(name, attribute) is { } value)
            {
                (found ??= []).Add(new(attribute, value));
            }
        }

        return found;
    }
}
