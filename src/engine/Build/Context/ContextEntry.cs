using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>An object of a client's directory, as the client tells it.</summary>
public sealed record ContextEntry
{
    internal const uint TypeMask = 0xF000;
    internal const uint Directory = 0x4000;
    internal const uint Regular = 0x8000;
    internal const uint SymbolicLink = 0xA000;
    internal const uint Socket = 0xC000;

    /// <summary>Path below the directory, with <c>/</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Type and permissions as stat(2) has them.</summary>
    public required uint Mode { get; init; }

    /// <summary>Bytes of a regular file.</summary>
    public long Size { get; init; }

    /// <summary>When it was changed, in nanoseconds since 1970.</summary>
    public long ModifiedNs { get; init; }

    /// <summary>What a symbolic link says; for a regular file the entry that it is another name of; else empty.</summary>
    public string Link { get; init; } = "";

    /// <summary>Number of a device.</summary>
    public DeviceNumber Device { get; init; }

    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Attributes { get; init; } = [];

    internal bool IsDirectory => (Mode & TypeMask) == Directory;

    internal bool IsRegular => (Mode & TypeMask) == Regular;

    internal UnixFileMode Permissions => (UnixFileMode)(Mode & 0xFFF);

    internal bool Equivalent(ContextEntry other) =>
        Mode == other.Mode && Size == other.Size && ModifiedNs == other.ModifiedNs && Link == other.Link && Device == other.Device
        && Attributes.Count == other.Attributes.Count
        && Attributes.Zip(other.Attributes).All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value));
}
