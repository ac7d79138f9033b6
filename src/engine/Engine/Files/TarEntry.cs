namespace Slipway.Engine.Files;

/// <summary>The type flag of a tar header (POSIX.1-2017 pax, ustar interchange format).</summary>
public enum TarKind : byte
{
    /// <summary>A regular file.</summary>
    Regular = (byte)'0',

    /// <summary>Another name of an entry before it.</summary>
    HardLink = (byte)'1',

    /// <summary>A symbolic link.</summary>
    Symlink = (byte)'2',

    /// <summary>A character device.</summary>
    CharacterDevice = (byte)'3',

    /// <summary>A block device.</summary>
    BlockDevice = (byte)'4',

    /// <summary>A directory.</summary>
    Directory = (byte)'5',

    /// <summary>A fifo.</summary>
    Fifo = (byte)'6',
}

/// <summary>One entry of a tar archive, without its content.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name as it stands in the archive (text as <see cref="Linux.PathText"/> has it); a directory's ends in '/'.</param>
public sealed record TarEntry(TarKind Kind, string Name)
{
    /// <summary>Permission bits, set-id and sticky included.</summary>
    public uint Mode { get; init; }

    /// <summary>Owning user.</summary>
    public uint Uid { get; init; }

    /// <summary>Owning group.</summary>
    public uint Gid { get; init; }

    /// <summary>Bytes of content that follow; 0 for anything but a regular file.</summary>
    public long Size { get; init; }

    /// <summary>Last change of content, whole seconds since 1970.</summary>
    public long MTime { get; init; }

    /// <summary>The target of a link; for a hard link a name in the archive.</summary>
    public string LinkName { get; init; } = "";

    /// <summary>The device a device node stands for.</summary>
    public Linux.DeviceNumber Device { get; init; }

    /// <summary>Extended attributes, written as <c>SCHILY.xattr.NAME</c> records.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Xattrs { get; init; } = [];
}
