using System.Text;

namespace Slipway.Linux.Tests;

public sealed class SafePathTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly SafePath root;

    public SafePathTests()
    {
        scratch.Write("outside", "secret");
        scratch.Write("root/etc/passwd", "inside");
        root = SafePath.Open(scratch.At("root"));
    }

    public void Dispose()
    {
        root.Dispose();
        scratch.Dispose();
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/../../outside")]
    [InlineData("etc/../../outside")]
    public void Dots_do_not_leave_the_root(string path) => Assert.Null(root.Stat(path, followLast: true));

    [Fact]
    public void Links_do_not_leave_the_root()
    {
        root.CreateSymlink("/etc/passwd", "absolute");
        root.CreateSymlink("../../../../outside", "up");
        root.CreateSymlink("/../..", "dir");
        Assert.Equal("inside", Read("absolute"));
        Assert.Null(root.Stat("up", followLast: true));
        Assert.Null(root.Stat("dir/outside"));
        Assert.Equal("/etc/passwd", root.Resolve("dir/absolute"));
        root.CreateFile("dir/made", Scratch.Private).Dispose();
        Assert.True(File.Exists(scratch.At("root/made")));
    }

    [Fact]
    public void Magic_links_are_refused()
    {
        using var proc = SafePath.Open("/proc");
        var failure = Assert.Throws<LinuxException>(() => proc.Stat("self/root/etc", followLast: true));
        Assert.True(failure.IsLoop);
    }

    [Fact]
    public void Writing_never_follows_the_last_link()
    {
        File.CreateSymbolicLink(scratch.At("root/link"), scratch.At("outside"));
        Assert.True(Assert.Throws<LinuxException>(() => root.CreateFile("link", Scratch.Private)).IsExists);
        Assert.True(Assert.Throws<LinuxException>(() => root.SetMode("link", Scratch.Open)).IsNotSupported);
        var before = FileStat.OfPath(scratch.At("outside"))!.Value;
        root.SetOwner("link", 7, 8);
        root.SetTimes("link", -1, 1_500_000_000_123_456_789);
        root.SetXattr("link", "trusted.slipway", "v"u8);
        Assert.Equal("v"u8.ToArray(), root.GetXattr("link", "trusted.slipway"));
        Assert.Contains("trusted.slipway", root.ListXattr("link"));
        Assert.Null(root.GetXattr("link", "trusted.other"));
        Assert.Equal(before with { ATimeNs = 0 }, FileStat.OfPath(scratch.At("outside"))!.Value with { ATimeNs = 0 });
        var link = root.Stat("link")!.Value;
        Assert.Equal((7u, 8u, -1L, 1_500_000_000_123_456_789), (link.Uid, link.Gid, link.ATimeNs, link.MTimeNs));
    }

    [Fact]
    public void Only_regular_files_are_read()
    {
        root.CreateFifo("fifo", Scratch.Private);
        root.CreateNode("null", 0x2000 | 0x1B6, new DeviceNumber(1, 3));
        Assert.Equal(Errno.Invalid, Assert.Throws<LinuxException>(() => root.OpenRead("fifo")).Errno);
        Assert.Equal(Errno.Invalid, Assert.Throws<LinuxException>(() => root.OpenRead("null")).Errno);
        Assert.Equal(Errno.IsDirectory, Assert.Throws<LinuxException>(() => root.OpenRead("etc")).Errno);
        Assert.Equal(new DeviceNumber(1, 3), root.Stat("null")!.Value.Rdev);
        Assert.Equal(0x1B6u, root.Stat("null")!.Value.Mode & 0xFFF);
    }

    [Fact]
    public void Modes_are_exact_whatever_the_umask()
    {
        root.CreateDirectory("all", Scratch.Open | UnixFileMode.StickyBit | UnixFileMode.SetGroup);
        root.CreateFile("file", Scratch.Open | UnixFileMode.SetUser).Dispose();
        Assert.Equal(Scratch.Open | UnixFileMode.StickyBit | UnixFileMode.SetGroup, root.Stat("all")!.Value.Permissions);
        Assert.Equal(Scratch.Open | UnixFileMode.SetUser, root.Stat("file")!.Value.Permissions);
    }

    [Fact]
    public void Names_that_are_no_utf8_round_trip()
    {
        byte[] raw = [(byte)'a', 0xff, 0xc3, 0xa9, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0x80, 0x80];
        var name = PathText.Decode(raw);
        Assert.Equal(raw, PathText.Encode(name));
        root.CreateFile(name, Scratch.Private).Dispose();
        root.CreateSymlink(name, "to");
        Assert.Equal(raw, PathText.Encode(Assert.Single(root.ReadDirectory("."), e => e.Name.StartsWith('a')).Name));
        Assert.Equal(name, root.ReadLink("to"));
        Assert.True(root.Stat("to", followLast: true)!.Value.IsRegular);
        Assert.Throws<ArgumentException>(() => root.CreateDirectory("a\0b", Scratch.Private));
        root.Remove(name);
    }

    [Fact]
    public void Ensure_makes_only_what_is_missing_and_stays_inside()
    {
        root.CreateSymlink("/new/place", "dangling");
        Assert.Equal(["etc/a", "etc/a/b"], root.EnsureDirectories("/etc/a/b", Scratch.Private));
        Assert.Empty(root.EnsureDirectories("etc/a/b", Scratch.Private));
        Assert.Throws<LinuxException>(() => root.EnsureDirectories("etc/passwd/x", Scratch.Private));
        root.CreateDirectory("new", Scratch.Private);
        Assert.Equal(["new/place", "dangling/x"], root.EnsureDirectories("dangling/x", Scratch.Private));
        Assert.True(Directory.Exists(scratch.At("root/new/place/x")));
    }

    [Fact]
    public void Removing_a_tree_follows_no_link_and_stops_at_mounts()
    {
        scratch.Write("kept/file", "k");
        scratch.Write("root/tree/a/b/c", "c");
        File.CreateSymbolicLink(scratch.At("root/tree/a/link"), scratch.At("kept"));
        root.RemoveTree("tree");
        Assert.True(File.Exists(scratch.At("kept/file")));
        scratch.Make("root/busy/mounted");
        Mounts.Bind(scratch.At("kept"), scratch.At("root/busy/mounted"), recursive: false, readOnly: false);
        Assert.Equal(Errno.CrossDevice, Assert.Throws<LinuxException>(() => root.RemoveTree("busy")).Errno);
        Assert.True(File.Exists(scratch.At("kept/file")));
    }

    [Fact]
    public void Trees_deeper_than_any_path_are_removed()
    {
        root.CreateDirectory("deep", Scratch.Private);
        var at = root.OpenDirectory("deep");
        for (var depth = 0; depth < 3000; depth++)
        {
            at.CreateDirectory("d", Scratch.Private);
            var next = at.OpenChild("d");
            at.Dispose();
            at = next;
        }

        at.Dispose();
        root.RemoveTree("deep");
        Assert.Null(root.Stat("deep"));
    }

    [Fact]
    public void Hard_links_rename_and_subroots()
    {
        root.CreateHardLink("/etc/passwd", "second");
        Assert.Equal(2u, root.Stat("second")!.Value.NLink);
        root.Rename("second", "etc/third");
        using var sub = root.OpenSubroot("etc");
        Assert.Null(sub.Stat("../etc/third"));
        Assert.NotNull(sub.Stat("../third"));
        Assert.Throws<LinuxException>(() => root.Remove("/"));
        Assert.Throws<LinuxException>(() => root.Remove("etc/.."));
    }

    private string Read(string path)
    {
        using var file = new FileStream(root.OpenRead(path), FileAccess.Read);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
