using Slipway.Build.Context;
using Slipway.Engine;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Build.Copying;

/// <summary>
/// Copies trees into a new layer with owners, modes, times, attributes and hard links. A file that stays as it is gets linked instead of
/// copied where the source allows it, so that its content is never moved.
/// </summary>
internal sealed class TreeCopier(SourceTree source, LayerTarget target, CopyOrder order, CancellationToken cancel)
{
    private const int Deepest = 1000;
    private const UnixFileMode Writable = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // (device, inode) → where it came from and its first name in the layer.
    private readonly Dictionary<(DeviceNumber, ulong), (string From, string To)> _copied = [];

    private string _origin = "";

    /// <summary>Root as the owner of everything.</summary>
    internal static ResolvedUser Root { get; } = new(0, 0, [], "/");

    /// <summary>Copies a file, link or node to exactly this path. Its parent exists in the layer.</summary>
    internal void CopyFile(string from, string to, FileStat stat)
    {
        using var fromParent = source.Root.OpenParent(from, out var name);
        using var parent = target.Upper.OpenParent(to, out var newName);
        if (target.Stat(to) is { IsDirectory: true })
        {
            throw EngineException.Invalid($"cannot replace to directory /{to} with file");
        }

        CopyLeaf(fromParent, name, from, parent, newName, to, stat);
    }

    /// <summary>Copies what is in a directory into one that exists in the layer.</summary>
    internal void CopyContent(FoundSource from, string to)
    {
        _origin = from.Origin;
        CopyChildren(from.Path, to, target.HasBelow(to), 0);
    }

    /// <summary>Gives a directory of the layer the source's attributes.</summary>
    internal void CopyDirectoryAttributes(string from, string to, FileStat stat)
    {
        var at = to.Length == 0 ? "." : to;
        var owner = order.Owner ?? (stat.Uid, stat.Gid);
        target.Upper.SetOwner(at, owner.Item1, owner.Item2);
        target.Upper.SetMode(at, order.Mode?.Apply(stat.Permissions, directory: true) ?? stat.Permissions);
        foreach (var (name, value) in source.Attributes(from))
        {
            LayerAttributes.Try(() => target.Upper.SetXattr(at, name, value));
        }

        target.Upper.SetTimes(at, stat.MTimeNs, stat.MTimeNs);
    }

    private void CopyChildren(string from, string to, bool lookBelow, int depth)
    {
        if (depth > Deepest)
        {
            throw new LinuxException("open", from, Errno.NameTooLong);
        }

        using var fromDirectory = source.Root.OpenDirectory(from.Length == 0 ? "." : from);
        using var toDirectory = target.Upper.OpenDirectory(to.Length == 0 ? "." : to);
        foreach (var name in source.Root.ReadDirectory(from.Length == 0 ? "." : from).Select(entry => entry.Name).Order(StringComparer.Ordinal).ToList())
        {
            cancel.ThrowIfCancellationRequested();
            if (fromDirectory.Stat(name) is not { IsSocket: false } stat || LowerView.IsWhiteout(stat))
            {
                continue;
            }

            var (path, destination) = (Join(from, name), Join(to, name));
            var excluded = order.LeavesOut(path, _origin);
            if (stat.IsDirectory)
            {
                CopyDirectory(path, destination, stat, lookBelow, excluded, depth);
            }
            else if (!excluded)
            {
                Refuse(destination, lookBelow);
                CopyLeaf(fromDirectory, name, path, toDirectory, name, destination, stat);
            }
        }
    }

    // A directory that is excluded may hold files that an exception brings back; it is made for them only.
    private void CopyDirectory(string path, string destination, FileStat stat, bool lookBelow, bool excluded, int depth)
    {
        if (excluded && !HasIncluded(path, 0))
        {
            return;
        }

        target.EnsureDirectory(destination, order.Owner);
        CopyChildren(path, destination, lookBelow && target.HasBelow(destination), depth + 1);
        CopyDirectoryAttributes(path, destination, stat);
    }

    private bool HasIncluded(string path, int depth) => depth < Deepest && source.Root.ReadDirectory(path).Any(entry =>
    {
        var below = Join(path, entry.Name);
        return source.Root.Stat(below) is { } stat
            && (stat.IsDirectory ? HasIncluded(below, depth + 1) : !order.LeavesOut(below, _origin));
    });

    private void Refuse(string destination, bool lookBelow)
    {
        if (lookBelow && target.Below(destination) is { IsDirectory: true })
        {
            throw EngineException.Invalid($"cannot replace to directory /{destination} with file");
        }
    }

    private void CopyLeaf(DirHandle from, string name, string path, DirHandle to, string newName, string destination, FileStat stat)
    {
        var there = to.Stat(newName);
        if (there is { IsDirectory: true })
        {
            throw EngineException.Invalid($"cannot replace to directory /{destination} with file");
        }

        if (there is not null)
        {
            to.Remove(newName);
        }

        if (!TryLink(from, name, path, to, newName, destination, stat))
        {
            Write(from, name, path, to, newName, stat);
        }
    }

    // Names that share an inode in the source share one in the layer. One name copied twice becomes two files.
    private bool TryLink(DirHandle from, string name, string path, DirHandle to, string newName, string destination, FileStat stat)
    {
        var known = _copied.TryGetValue((stat.Dev, stat.Ino), out var first);
        if (known && first.From != path && stat.NLink > 1 && target.Upper.Stat(first.To) is { IsDirectory: false })
        {
            using var parent = target.Upper.OpenParent(first.To, out var firstName);
            to.CreateHardLink(parent, firstName, newName);
            return true;
        }

        _copied.TryAdd((stat.Dev, stat.Ino), (path, destination));
        if (known || !order.Linkable || !source.IsLinkable || !stat.IsRegular || order.Mode is not null || (order.Owner is { } owner && owner != (stat.Uid, stat.Gid)))
        {
            return false;
        }

        try
        {
            to.CreateHardLink(from, name, newName);
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.CrossDevice or Errno.TooManyLinks || e.IsPermission)
        {
            return false;
        }
    }

    private void Write(DirHandle from, string name, string path, DirHandle to, string newName, FileStat stat)
    {
        if (stat.IsRegular)
        {
            using var input = from.OpenRead(name);
            using var output = to.CreateFile(newName, Writable);
            FileCopy.CopyFileRange(input, output, stat.Size);
        }
        else if (stat.IsSymlink)
        {
            to.CreateSymlink(from.ReadLink(name), newName);
        }
        else
        {
            to.CreateNode(newName, stat.Mode, stat.Rdev);
        }

        var owner = order.Owner ?? (stat.Uid, stat.Gid);
        to.SetOwner(newName, owner.Item1, owner.Item2);
        if (!stat.IsSymlink)
        {
            to.SetMode(newName, order.Mode?.Apply(stat.Permissions, directory: false) ?? stat.Permissions);
        }

        foreach (var (attribute, value) in source.Attributes(path))
        {
            LayerAttributes.Try(() => to.SetXattr(newName, attribute, value));
        }

        to.SetTimes(newName, stat.MTimeNs, stat.MTimeNs);
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory}/{name}";
}
