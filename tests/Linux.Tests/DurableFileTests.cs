namespace Slipway.Linux.Tests;

public sealed class DurableFileTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void Replaces_content_and_leaves_nothing_beside()
    {
        DurableFile.WriteAllBytes(scratch.At("f"), "one"u8);
        DurableFile.WriteAllBytes(scratch.At("f"), "two"u8, Scratch.Private);
        Assert.Equal("two", File.ReadAllText(scratch.At("f")));
        Assert.Equal(Scratch.Private, File.GetUnixFileMode(scratch.At("f")));
        Assert.Single(Directory.GetFileSystemEntries(scratch.Root));
        DurableFile.SyncFileSystem(scratch.Root);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_state()
    {
        scratch.Make("taken/by");
        Assert.Throws<LinuxException>(() => DurableFile.WriteAllBytes(scratch.At("taken"), "x"u8));
        Assert.Single(Directory.GetFileSystemEntries(scratch.Root));
    }

    [Fact]
    public void Renames_and_exchanges()
    {
        var (first, second) = (scratch.Write("a/f", "1"), scratch.Write("b/f", "2"));
        DurableFile.RenameExchange(first, second);
        Assert.Equal("2", File.ReadAllText(first));
        DurableFile.Rename(first, scratch.At("b/g"));
        Assert.Equal("2", File.ReadAllText(scratch.At("b/g")));
        var failure = Assert.Throws<LinuxException>(() => DurableFile.Rename(first, second));
        Assert.Equal($"rename {first}: no such file or directory", failure.Message);
    }

    [Theory]
    [InlineData("/proc/self/status")]
    [InlineData("/usr/bin/env")]
    public void Copies_in_the_kernel_or_by_hand(string source)
    {
        using var from = File.OpenHandle(source);
        using (var to = File.OpenHandle(scratch.At("copy"), FileMode.CreateNew, FileAccess.Write))
        {
            Assert.True(FileCopy.CopyFileRange(from, to, long.MaxValue) > 0);
        }

        Assert.Equal(File.ReadAllBytes(source).Length, new FileInfo(scratch.At("copy")).Length, 200.0);
    }
}
