using System.Security.Cryptography;

namespace Slipway.Linux.Tests;

public sealed class CompressionTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly ProcessWatch watch = new();
    private readonly byte[] data = Sample();

    public static TheoryData<string> Programs => ["zstd", "xz", "bzip2"];

    public void Dispose()
    {
        watch.Dispose();
        scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Reads_what_the_program_writes_also_two_frames(string program)
    {
        var packed = await Pack(program);
        Assert.Equal(data, await Unpack(program, packed));
        byte[] twice = [.. data, .. data];
        Assert.Equal(twice, await Unpack(program, [.. packed, .. packed]));
        using var at = Decoder(program, new MemoryStream(packed));
        using var into = new MemoryStream();
        at.CopyTo(into, 777);
        Assert.Equal(data, into.ToArray());
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Truncated_and_damaged_data_are_refused(string program)
    {
        var packed = await Pack(program);
        foreach (var length in new[] { 0, 1, 5, packed.Length / 2, packed.Length - 1 })
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => Unpack(program, packed[..length]));
        }

        packed[packed.Length / 2] ^= 0xff;
        await Assert.ThrowsAsync<InvalidDataException>(() => Unpack(program, packed));
        await Assert.ThrowsAsync<InvalidDataException>(() => Unpack(program, data));
    }

    [Fact]
    public async Task The_program_reads_members_of_gzip_one_after_the_other()
    {
        using var pack = new GzipCompressor(1);
        var packed = new byte[pack.Bound(data.Length)];
        using (var file = File.Create(scratch.At("g.gz")))
        {
            file.Write(packed, 0, pack.Pack(data.AsSpan(0, 1000), packed));
            file.Write(packed, 0, pack.Pack(data.AsSpan(1000), packed));
        }

        var result = await Run("gzip", "-d", scratch.At("g.gz"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(data, await File.ReadAllBytesAsync(scratch.At("g")));
        Assert.Throws<ArgumentException>(() => pack.Pack(data, new byte[10]));
    }

    [Fact]
    public async Task The_program_reads_what_zstd_writes()
    {
        await using (var file = File.Create(scratch.At("z.zst")))
        await using (var pack = new ZstdCompressStream(file, 3))
        {
            await pack.WriteAsync(data.AsMemory(0, 1000));
            await pack.FlushAsync();
            pack.Write(data.AsSpan(1000));
        }

        var result = await Run("zstd", "-d", scratch.At("z.zst"), "-o", scratch.At("z"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(data, File.ReadAllBytes(scratch.At("z")));
    }

    private static byte[] Sample()
    {
        var bytes = new byte[1_500_000];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 500_000));
        return bytes;
    }

    private static Stream Decoder(string program, Stream packed) => program switch
    {
        "zstd" => new ZstdDecompressStream(packed),
        "xz" => new XzDecompressStream(packed),
        _ => new Bzip2DecompressStream(packed),
    };

    private static async Task<byte[]> Unpack(string program, byte[] packed)
    {
        await using var decoder = Decoder(program, new MemoryStream(packed));
        using var into = new MemoryStream();
        await decoder.CopyToAsync(into);
        return into.ToArray();
    }

    private async Task<byte[]> Pack(string program)
    {
        File.WriteAllBytes(scratch.At("plain"), data);
        var result = await Run(program, "-k", "-c", scratch.At("plain"));
        Assert.Equal(0, result.ExitCode);
        return result.Output;
    }

    private Task<RunResult> Run(string program, params string[] arguments) =>
        Spawn.RunAsync(
            Spawn.FindExecutable(program) ?? throw new FileNotFoundException(program),
            [program, .. arguments], [], watch, null, 10_000_000, TimeSpan.FromSeconds(30));
}
