using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>A device number (makedev(3)).</summary>
/// <param name="Major">The driver's number.</param>
/// <param name="Minor">The device's number within the driver.</param>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>The kernel's packed form (dev_t of glibc).</summary>
    public ulong Packed =>
        ((ulong)(Major & 0xfffff000) << 32) | ((Major & 0xfff) << 8) | ((ulong)(Minor & 0xffffff00) << 12) | (Minor & 0xff);
}

/// <summary>What statx(2) says about one object.</summary>
public readonly record struct FileStat
{
    private const uint TypeMask = 0xF000;
    private const uint BasicStats = 0x7ff;
    private const ulong MountRoot = 0x2000;

    /// <summary>The raw st_mode: type and permission bits.</summary>
    public uint Mode { get; init; }
    /// <summary>Owning user.</summary>
    public uint Uid { get; init; }
    /// <summary>Owning group.</summary>
    public uint Gid { get; init; }
    /// <summary>Bytes.</summary>
    public long Size { get; init; }
    /// <summary>Blocks of 512 bytes in use.</summary>
    public long Blocks { get; init; }
    /// <summary>The device that holds the object.</summary>
    public DeviceNumber Dev { get; init; }
    /// <summary>Inode number.</summary>
    public ulong Ino { get; init; }
    /// <summary>Hard links.</summary>
    public uint NLink { get; init; }
    /// <summary>The device a device node stands for.</summary>
    public DeviceNumber Rdev { get; init; }
    /// <summary>Last access, nanoseconds since 1970.</summary>
    public long ATimeNs { get; init; }
    /// <summary>Last change of content, nanoseconds since 1970.</summary>
    public long MTimeNs { get; init; }
    /// <summary>Last change of the inode, nanoseconds since 1970.</summary>
    public long CTimeNs { get; init; }

    /// <summary>Last access (100 ns precision).</summary>
    public DateTimeOffset ATime => Time(ATimeNs);
    /// <summary>Last change of content (100 ns precision).</summary>
    public DateTimeOffset MTime => Time(MTimeNs);
    /// <summary>Last change of the inode (100 ns precision).</summary>
    public DateTimeOffset CTime => Time(CTimeNs);

    /// <summary>The permission bits including set-id and sticky.</summary>
    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xFFF);
    /// <summary>A directory.</summary>
    public bool IsDirectory => (Mode & TypeMask) == 0x4000;
    /// <summary>A regular file.</summary>
    public bool IsRegular => (Mode & TypeMask) == 0x8000;
    /// <summary>A symbolic link.</summary>
    public bool IsSymlink => (Mode & TypeMask) == 0xA000;
    /// <summary>A character device.</summary>
    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;
    /// <summary>A block device.</summary>
    public bool IsBlockDevice => (Mode & TypeMask) == 0x6000;
    /// <summary>A fifo.</summary>
    public bool IsFifo => (Mode & TypeMask) == 0x1000;
    /// <summary>A socket.</summary>
    public bool IsSocket => (Mode & TypeMask) == 0xC000;

    /// <summary>Whether it is the root of a mount (STATX_ATTR_MOUNT_ROOT, since Linux 5.8).</summary>
    public bool IsMountRoot { get; init; }

    /// <summary>The object behind an open descriptor.</summary>
    public static FileStat Of(SafeFileHandle file)
    {
        LinuxException.Check(FileCalls.StatAt(file, [0], FileCalls.AtEmptyPath, BasicStats, out var raw), "statx");
        return From(in raw);
    }

    /// <summary>The object at a host path, or null when there is none.</summary>
    public static FileStat? OfPath(string path, bool followLast = true) =>
        At(Descriptors.WorkingDirectory, PathText.Terminated(path), followLast, path);

    internal static FileStat? At(SafeFileHandle dir, byte[] path, bool followLast, string shown)
    {
        var flags = followLast ? 0 : FileCalls.AtSymlinkNoFollow;
        if (FileCalls.StatAt(dir, path, flags, BasicStats, out var raw) == 0)
        {
            return From(in raw);
        }

        var failure = LinuxException.Last("statx", shown);
        return failure.IsNotFound ? null : throw failure;
    }

    private static FileStat From(in FileCalls.Statx raw) => new()
    {
        Mode = raw.Mode,
        Uid = raw.Uid,
        Gid = raw.Gid,
        Size = (long)raw.Size,
        Blocks = (long)raw.Blocks,
        Dev = new DeviceNumber(raw.DevMajor, raw.DevMinor),
        Ino = raw.Inode,
        NLink = raw.Links,
        Rdev = new DeviceNumber(raw.RdevMajor, raw.RdevMinor),
        ATimeNs = Nanoseconds(raw.Access),
        MTimeNs = Nanoseconds(raw.Modify),
        CTimeNs = Nanoseconds(raw.Change),
        IsMountRoot = (raw.Attributes & MountRoot) != 0,
    };

    private static long Nanoseconds(FileCalls.StatxTime time) => (time.Seconds * 1_000_000_000) + time.Nanoseconds;

    private static DateTimeOffset Time(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100);
}
