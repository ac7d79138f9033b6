using System.Formats.Tar;
using System.Security.Cryptography;
using Slipway.Cli.Bootstrap;

namespace Slipway.Cli.Tests;

public sealed class BootstrapTests
{
    [Fact]
    public async Task TheSameInputGivesTheSameArchive()
    {
        if (!File.Exists("/bin/busybox"))
        {
            return;
        }

        (string first, byte[] firstBytes) = await MakeAsync();
        (string second, byte[] secondBytes) = await MakeAsync();

        Assert.Equal(first, second);
        Assert.Equal(SHA256.HashData(firstBytes), SHA256.HashData(secondBytes));
    }

    [Fact]
    public async Task LayersKeepOrderModesAndTime()
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        await using LayerWriter layer = new(time);
        await layer.DirectoryAsync("tmp", (UnixFileMode)0x3FF);
        await layer.LinkAsync("x", "/bin/busybox");
        (FileStream file, string digest) = await layer.FinishAsync();
        await using (file)
        {
            file.Position = 0;
            Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file)));
            file.Position = 0;
            await using TarReader reader = new(file);
            TarEntry directory = (await reader.GetNextEntryAsync())!;
            Assert.Equal(("tmp/", (UnixFileMode)0x3FF, time), (directory.Name, directory.Mode, directory.ModificationTime));
            Assert.Equal("/bin/busybox", (await reader.GetNextEntryAsync())!.LinkName);
        }
    }

    private static async Task<(string Id, byte[] Bytes)> MakeAsync()
    {
        await using ImageArchive archive = await new BusyboxImage(progress: null).MakeAsync(["busybox:latest"]);
        using MemoryStream bytes = new();
        await archive.CopyToAsync(bytes);
        return (archive.ImageId, bytes.ToArray());
    }
}
