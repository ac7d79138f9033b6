using System.Text;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

public static partial class Mounts
{
    // mount(2) takes one page of options.
    private const int LongestData = 4000;

    // fsconfig(2) takes strings up to 256 bytes with the NUL.
    private const int LongestValue = 255;

    private const long OpenCloseOnExec = 1;
    private const long MountCloseOnExec = 1;

    /// <summary>Mounts an overlay.</summary>
    /// <param name="target">Where.</param>
    /// <param name="lowerDirsTopFirst">The read-only layers, the topmost first; at most 500.</param>
    /// <param name="upper">The writable layer, or null for a read-only view (which needs two lower layers at least).</param>
    /// <param name="work">An empty directory on the upper's file system, with <paramref name="upper"/>.</param>
    /// <param name="readOnly">Mounts read-only.</param>
    /// <param name="extraOptions">Further overlay options, comma separated ("userxattr,volatile").</param>
    public static void MountOverlay(
        string target, IReadOnlyList<string> lowerDirsTopFirst, string? upper, string? work, bool readOnly = false, string extraOptions = "")
    {
        var flags = readOnly ? MountFlags.ReadOnly : 0;
        var data = OverlayData(lowerDirsTopFirst, upper, work, extraOptions);
        if (Encoding.UTF8.GetByteCount(data) <= LongestData)
        {
            Mount("overlay", target, "overlay", flags, data);
            return;
        }

        try
        {
            using var mount = OverlayDetached(lowerDirsTopFirst, upper, work, readOnly, extraOptions);
            Attach(mount, target);
        }
        catch (LinuxException old) when (old is { Call: "fsconfig", Errno: Errno.Invalid })
        {
            MountOverlayByDescriptors(target, lowerDirsTopFirst, upper, work, flags, extraOptions);
        }
    }

    /// <summary>
    /// An overlay that is mounted nowhere: the handle (usable with <see cref="SafePath.FromFd"/>) is its root, and it ends with the last handle.
    /// Needs Linux 6.8; on older kernels EINVAL.
    /// </summary>
    public static SafeFileHandle OverlayDetached(
        IReadOnlyList<string> lowerDirsTopFirst, string? upper, string? work, bool readOnly = false, string extraOptions = "")
    {
        var held = new List<SafeFileHandle>();
        try
        {
            using var context = Descriptors.Own((int)MountCalls.FsOpen(MountCalls.FsOpenNumber, PathText.Terminated("overlay"), OpenCloseOnExec), "fsopen");
            Configure(context, "source", "overlay");
            foreach (var lower in lowerDirsTopFirst)
            {
                Configure(context, "lowerdir+", Shorten(lower, held));
            }

            if (upper is not null)
            {
                Configure(context, "upperdir", Shorten(upper, held));
                Configure(context, "workdir", Shorten(work ?? throw new ArgumentNullException(nameof(work)), held));
            }

            foreach (var option in extraOptions.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = option.IndexOf('=', StringComparison.Ordinal);
                Configure(context, equals < 0 ? option : option[..equals], equals < 0 ? null : option[(equals + 1)..]);
            }

            LinuxException.Check(
                (nint)MountCalls.FsConfig(MountCalls.FsConfigNumber, context, MountCalls.CreateCommand, null, null, 0), "fsconfig", "create overlay");
            return Descriptors.Own(
                (int)MountCalls.FsMount(MountCalls.FsMountNumber, context, MountCloseOnExec, readOnly ? (long)MountCalls.AttributeReadOnly : 0), "fsmount");
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
    }

    /// <summary>Attaches a detached mount.</summary>
    public static void Attach(SafeFileHandle mount, string target) =>
        LinuxException.Check(
            (nint)MountCalls.MoveMount(
                MountCalls.MoveMountNumber, mount, [0], FileCalls.CurrentDirectory, PathText.Terminated(target), MountCalls.MoveFromEmptyPath),
            "move_mount",
            target);

    /// <summary>For kernels without "lowerdir+": every layer by its short name below /proc/self/fd, good for about 200 layers.</summary>
    internal static void MountOverlayByDescriptors(
        string target, IReadOnlyList<string> lowers, string? upper, string? work, ulong flags, string extraOptions)
    {
        var held = new List<SafeFileHandle>();
        try
        {
            var shortened = lowers.Select(l => ByDescriptor(l, held)).ToList();
            Mount("overlay", target, "overlay", flags, OverlayData(shortened, upper, work, extraOptions));
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
    }

    private static string OverlayData(IReadOnlyList<string> lowers, string? upper, string? work, string extraOptions)
    {
        var data = new StringBuilder("lowerdir=").AppendJoin(':', lowers.Select(l => Escape(l, ":")));
        if (upper is not null)
        {
            data.Append(",upperdir=").Append(Escape(upper, "")).Append(",workdir=").Append(Escape(work ?? throw new ArgumentNullException(nameof(work)), ""));
        }

        return extraOptions.Length == 0 ? data.ToString() : data.Append(',').Append(extraOptions).ToString();
    }

    private static string Escape(string path, string also)
    {
        var text = path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);
        return also.Length == 0 ? text : text.Replace(also, "\\" + also, StringComparison.Ordinal);
    }

    private static string Shorten(string path, List<SafeFileHandle> held) =>
        Encoding.UTF8.GetByteCount(path) <= LongestValue ? path : ByDescriptor(path, held);

    private static string ByDescriptor(string path, List<SafeFileHandle> held)
    {
        var handle = Descriptors.OpenPath(path);
        held.Add(handle);
        return Descriptors.PathOf(handle);
    }

    private static void Configure(SafeFileHandle context, string key, string? value) =>
        LinuxException.Check(
            (nint)MountCalls.FsConfig(
                MountCalls.FsConfigNumber, context, value is null ? MountCalls.SetFlag : MountCalls.SetString, PathText.Terminated(key), Optional(value), 0),
            "fsconfig",
            $"{key} {value}");
}
