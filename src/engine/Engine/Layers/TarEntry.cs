namespace Slipway.Engine.Layers;

/// <summary>What a tar entry is.</summary>
public enum TarKind
{
    /// <summary>A regular file with content.</summary>
    File,

    /// <summary>Another name of an entry before it.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A FIFO.</summary>
    Fifo,

    /// <summary>A type this engine has no use for; its content is skipped.</summary>
    Other,
}

/// <summary>One entry of a tar archive, all extensions resolved. Names are text as <see cref="Linux.PathText"/> defines it.</summary>
public sealed record TarEntry
{
    /// <summary>What it is.</summary>
    public TarKind Kind { get; init; }

    /// <summary>Path as written in the archive.</summary>
    public string Name { get; init; } = "";

    /// <summary>Target of a link.</summary>
    public string LinkName { get; init; } = "";

    /// <summary>The twelve permission bits.</summary>
    public UnixFileMode Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Group.</summary>
    public uint Gid { get; init; }

    /// <summary>Bytes of the file, holes included.</summary>
    public long Size { get; init; }

    /// <summary>Time of the last change of content, nanoseconds since 1970.</summary>
    public long ModifiedNs { get; init; }

    /// <summary>Major number of a device.</summary>
    public uint Major { get; init; }

    /// <summary>Minor number of a device.</summary>
    public uint Minor { get; init; }

    /// <summary>Extended attributes by name, or null.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>>? Attributes { get; init; }

    /// <summary>Where the stored bytes of a sparse file go (offset, length), in order; null when it has no holes.</summary>
    public IReadOnlyList<(long Offset, long Length)>? Extents { get; init; }
}

/// <summary>An archive is no tar archive, or a broken or hostile one.</summary>
public sealed class TarException : IOException
{
    /// <summary>Says what is wrong.</summary>
    public TarException(string message)
        : base(message)
    {
    }
}
