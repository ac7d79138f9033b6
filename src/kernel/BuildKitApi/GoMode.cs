namespace Slipway.BuildKitApi;

/// <summary>Go's <c>os.FileMode</c>, which fsutil speaks, and st_mode.</summary>
internal static class GoMode
{
    private static readonly (uint Go, uint Linux)[] Types =
    [
        (1u << 31, 0x4000), (1u << 27, 0xA000), (1u << 26 | 1u << 21, 0x2000), (1u << 26, 0x6000), (1u << 25, 0x1000), (1u << 24, 0xC000),
    ];

    private static readonly (uint Go, uint Linux)[] Bits = [(1u << 23, 0x800), (1u << 22, 0x400), (1u << 20, 0x200)];

    /// <summary>Type and permissions as stat(2) has them; what has no type is a regular file.</summary>
    internal static uint ToLinux(uint mode)
    {
        var type = Types.FirstOrDefault(pair => (mode & pair.Go) == pair.Go).Linux;
        return (mode & 0x1FF) | (type == 0 ? 0x8000 : type) | Bits.Where(pair => (mode & pair.Go) != 0).Aggregate(0u, (sum, pair) => sum | pair.Linux);
    }

    /// <summary>The other way round.</summary>
    internal static uint FromLinux(uint mode) =>
        (mode & 0x1FF) | Types.FirstOrDefault(pair => (mode & 0xF000) == pair.Linux).Go
        | Bits.Where(pair => (mode & pair.Linux) != 0).Aggregate(0u, (sum, pair) => sum | pair.Go);
}
