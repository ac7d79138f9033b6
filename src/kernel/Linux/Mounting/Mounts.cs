using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>mount(2) in the mount namespace of the calling thread.</summary>
public static partial class Mounts
{
    /// <summary>mount(2) as it is; see <see cref="MountFlags"/> and <see cref="MountOptions"/>.</summary>
    public static void Mount(string? source, string target, string? fsType, ulong flags, string? data) =>
        LinuxException.Check(
            MountCalls.Mount(Optional(source), PathText.Terminated(target), Optional(fsType), (nuint)flags, Optional(data)), "mount", target);

    /// <summary>Shows a directory or file at another place. Read-only concerns this mount and not what is mounted below it.</summary>
    public static void Bind(string source, string target, bool recursive, bool readOnly)
    {
        Mount(source, target, null, MountFlags.Bind | (recursive ? MountFlags.Recursive : 0), null);
        if (!readOnly)
        {
            return;
        }

        try
        {
            // Unlike a remount this leaves the mount's other flags as they are.
            var change = new MountCalls.AttributeChange { Set = MountCalls.AttributeReadOnly };
            LinuxException.Check(
                (nint)MountCalls.SetAttributes(MountCalls.SetAttributesNumber, FileCalls.CurrentDirectory, PathText.Terminated(target), 0, in change, 32),
                "mount_setattr",
                target);
        }
        catch
        {
            Unmount(target);
            throw;
        }
    }

    /// <summary>umount2(2). Detached, it disappears at once and ends when its last user does. A link as target is not followed.</summary>
    public static void Unmount(string target, bool detach = true) =>
        LinuxException.Check(
            MountCalls.Unmount(PathText.Terminated(target), MountCalls.UnmountNoFollow | (detach ? MountCalls.UnmountDetach : 0)), "umount", target);

    /// <summary>Unmounts everything mounted at the path, however often; false when nothing was.</summary>
    public static bool UnmountAll(string target)
    {
        for (var any = false; ; any = true)
        {
            try
            {
                Unmount(target);
            }
            catch (LinuxException done) when (done.Errno is Errno.Invalid || done.IsNotFound)
            {
                return any;
            }
        }
    }

    /// <summary>Changes come in from the master, none go out.</summary>
    public static void MakeSlave(string path, bool recursive = true) =>
        Mount(null, path, null, MountFlags.Slave | (recursive ? MountFlags.Recursive : 0), null);

    /// <summary>True when something is mounted exactly there.</summary>
    public static bool IsMountPoint(string path) => FileStat.OfPath(Path.TrimEndingDirectorySeparator(path), followLast: false) is { IsMountRoot: true };

    /// <summary>All mounts of the calling thread's mount namespace, in order of mounting.</summary>
    public static IReadOnlyList<MountInfo> ReadMountInfo() =>
        File.ReadLines("/proc/thread-self/mountinfo").Select(MountInfo.Parse).OfType<MountInfo>().ToList();

    /// <summary>The mount that a path lies on.</summary>
    public static MountInfo? MountOf(string path)
    {
        var full = Path.GetFullPath(path);
        return ReadMountInfo()
            .Where(m => m.Target == "/" || full == m.Target || full.StartsWith(m.Target + "/", StringComparison.Ordinal))
            .Aggregate((MountInfo?)null, (best, m) => best is null || m.Target.Length >= best.Target.Length ? m : best);
    }

    private static byte[]? Optional(string? text) => text is null ? null : PathText.Terminated(text);
}
