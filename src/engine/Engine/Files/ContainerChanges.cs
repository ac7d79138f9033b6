using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>What a container's writable layer changes in its image, for <c>docker diff</c>: path order, parents of changes included.</summary>
public sealed class ContainerChanges
{
    private const int Modified = 0;
    private const int Added = 1;
    private const int Deleted = 2;
    private const int Deepest = 1000;

    // Mount points that the runtime makes in every container; Docker keeps them in a layer of their own.
    private static readonly HashSet<string> Scaffolding = new(StringComparer.Ordinal)
    {
        "/.dockerenv", "/dev", "/dev/console", "/dev/pts", "/dev/shm", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/proc", "/sys",
    };

    private readonly SafePath _upper;
    private readonly SafePath? _lower;
    private readonly CancellationToken _cancel;
    private readonly List<FilesystemChange> _changes = [];
    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);

    private ContainerChanges(SafePath upper, SafePath? lower, CancellationToken cancel) => (_upper, _lower, _cancel) = (upper, lower, cancel);

    /// <summary>Compares a writable layer with what lies under it.</summary>
    /// <param name="upper">The overlay's upper directory.</param>
    /// <param name="lower">The image's merged tree; null for an image without layers.</param>
    /// <param name="cancel">Stops between two entries.</param>
    public static IReadOnlyList<FilesystemChange> Of(SafePath upper, SafePath? lower, CancellationToken cancel)
    {
        var changes = new ContainerChanges(upper, lower, cancel);
        changes.Visit("", opaque: false, 0);
        changes._changes.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return changes._changes;
    }

    private void Visit(string directory, bool opaque, int depth)
    {
        _cancel.ThrowIfCancellationRequested();
        if (depth > Deepest)
        {
            throw new LinuxException("open", directory, Errno.NameTooLong);
        }

        var names = _upper.ReadDirectory(Inside(directory)).Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        var hidden = opaque ? Lower(directory).Except(names, StringComparer.Ordinal) : [];
        foreach (var name in hidden)
        {
            Record($"{directory}/{name}", Deleted);
        }

        foreach (var name in names)
        {
            VisitEntry($"{directory}/{name}", depth);
        }
    }

    private void VisitEntry(string path, int depth)
    {
        if (_upper.Stat(Inside(path)) is not { } stat)
        {
            return;
        }

        var below = _lower?.Stat(Inside(path));
        if (IsWhiteout(stat))
        {
            if (below is not null)
            {
                Record(path, Deleted);
            }

            return;
        }

        if (below is null ? !Scaffolding.Contains(path) : !stat.IsDirectory || !below.Value.IsDirectory || !SameDirectory(path, stat, below.Value))
        {
            Record(path, below is null ? Added : Modified);
        }

        if (stat.IsDirectory)
        {
            Visit(path, below is not null && _upper.GetXattr(Inside(path), "trusted.overlay.opaque") is [(byte)'y'], depth + 1);
        }
    }

    // A directory is copied up as the parent of a change, too; then only its times differ, and it is named with the first change below it.
    private bool SameDirectory(string path, FileStat upper, FileStat lower) =>
        upper.Mode == lower.Mode && upper.Uid == lower.Uid && upper.Gid == lower.Gid
        && (upper.MTimeNs == lower.MTimeNs || Scaffolding.Contains(path) || HoldsScaffolding(path));

    private bool HoldsScaffolding(string path) =>
        Scaffolding.Any(known => known.StartsWith(path + "/", StringComparison.Ordinal) && _lower!.Stat(Inside(known)) is null && _upper.Stat(Inside(known)) is not null);

    private void Record(string path, int kind)
    {
        var parent = path[..path.LastIndexOf('/')];
        if (kind != Modified && parent.Length > 0 && _listed.Add(parent))
        {
            _changes.Add(new FilesystemChange { Path = parent, Kind = Modified });
        }

        _listed.Add(path);
        _changes.Add(new FilesystemChange { Path = path, Kind = kind });
    }

    private IEnumerable<string> Lower(string directory) =>
        _lower?.Stat(Inside(directory)) is { IsDirectory: true } ? _lower.ReadDirectory(Inside(directory)).Select(entry => entry.Name) : [];

    private static bool IsWhiteout(FileStat stat) => stat.IsCharacterDevice && stat.Rdev == new DeviceNumber(0, 0);

    private static string Inside(string path) => path.Length == 0 ? "." : path;
}
