using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>Go's <c>os.FileMode</c>, which the archive endpoints speak.</summary>
internal static class GoFileMode
{
    /// <summary>The bits for an object.</summary>
    internal static uint Of(FileStat stat)
    {
        var mode = (uint)stat.Permissions & 0x1FF;
        mode |= stat switch
        {
            { IsDirectory: true } => 1u << 31,
            { IsSymlink: true } => 1u << 27,
            { IsBlockDevice: true } => 1u << 26,
            { IsCharacterDevice: true } => (1u << 26) | (1u << 21),
            { IsFifo: true } => 1u << 25,
            { IsSocket: true } => 1u << 24,
            _ => 0,
        };
        mode |= (stat.Permissions & UnixFileMode.SetUser) != 0 ? 1u << 23 : 0;
        mode |= (stat.Permissions & UnixFileMode.SetGroup) != 0 ? 1u << 22 : 0;
        return mode | ((stat.Permissions & UnixFileMode.StickyBit) != 0 ? 1u << 20 : 0);
    }
}
