using System.Formats.Tar;
using System.Net.Sockets;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

public sealed class GetTests
{
    [Theory]
    [InlineData("/a/b", "b/ b/file")]
    [InlineData("/a/b/", "b/ b/file")]
    [InlineData("/a/b/.", "./ ./file")]
    [InlineData("a/../a/b", "b/ b/file")]
    [InlineData("/a/b/file", "file")]
    [InlineData("/link", "link")]
    [InlineData("/link/", "link/ link/file")]
    [InlineData("/link/.", "./ ./file")]
    [InlineData("/link/file", "file")]
    [InlineData("/", "/ /a/ /a/b/ /a/b/file /link")]
    [InlineData("/../..", "/ /a/ /a/b/ /a/b/file /link")]
    public async Task Names_follow_the_path_as_it_was_asked_for(string path, string names)
    {
        await using var root = new EngineRoot();
        await using var view = Views.Of(Tree(root));
        Assert.Equal(names, string.Join(' ', (await Views.GetAsync(view, path)).Select(entry => entry.Name)));
    }

    [Fact]
    public async Task Status_is_what_the_client_expects()
    {
        await using var root = new EngineRoot();
        await using var view = Views.Of(Tree(root));
        view.Root.SetMode("a", (UnixFileMode)0x3ED);
        var dir = ArchivePath.Find(view.Root, "/a", "box").Describe(view.Root);
        Assert.Equal(("a", 0x80000000u | (1u << 20) | 0x1ED, ""), (dir.Name, dir.Mode, dir.LinkTarget));
        var link = ArchivePath.Find(view.Root, "/link", "box").Describe(view.Root);
        Assert.Equal(("link", (1u << 27) | 0x1FF, "/a/b"), (link.Name, link.Mode, link.LinkTarget));
        var missing = Assert.Throws<EngineException>(() => ArchivePath.Find(view.Root, "/a/x", "box"));
        Assert.Equal((ErrorKind.NotFound, "Could not find the file /a/x in container box"), (missing.Kind, missing.Message));
        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<EngineException>(() => ArchivePath.Find(view.Root, "/a/b/file/", "box")).Kind);
        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<EngineException>(() => ArchivePath.Find(view.Root, "/a\0b", "box")).Kind);
    }

    [Fact]
    public async Task Every_kind_of_file_is_archived_and_none_is_waited_for()
    {
        await using var root = new EngineRoot();
        var tree = Tree(root);
        using var view = SafePath.Open(tree);
        var longName = string.Concat(Enumerable.Repeat("d/" + new string('n', 120) + "/", 3)) + "ünïcode";
        view.EnsureDirectories(Path.GetDirectoryName(longName)!, (UnixFileMode)0x1ED);
        File.WriteAllText(Path.Combine(tree, longName), "long");
        view.CreateFifo("fifo", (UnixFileMode)0x180);
        view.CreateNode("null", 0x21B6, new DeviceNumber(1, 3));
        view.CreateHardLink("a/b/file", "hard");
        view.SetOwner("a/b/file", 3_000_000, 5);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(tree, "socket")));
        var entries = Views.Read(await ArchiveAsync(view)).ToDictionary(entry => entry.Name);
        Assert.DoesNotContain("socket", entries.Keys);
        Assert.Equal(TarEntryType.Fifo, entries["fifo"].EntryType);
        Assert.Equal((TarEntryType.CharacterDevice, 1, 3), (entries["null"].EntryType, ((PosixTarEntry)entries["null"]).DeviceMajor, ((PosixTarEntry)entries["null"]).DeviceMinor));
        Assert.Equal((TarEntryType.HardLink, "a/b/file"), (entries["hard"].EntryType, entries["hard"].LinkName));
        Assert.Equal(3_000_000, entries["a/b/file"].Uid);
        Assert.Equal("long", new StreamReader(entries[longName].DataStream!).ReadToEnd());

        var copy = root.Make("copy");
        await using var target = Views.Of(copy);
        view.SetXattr("a/b/file", "user.key", [0xff, 0, 10]);
        await Views.PutAsync(target, "/", await ArchiveAsync(view));
        Assert.Equal([0xff, 0, 10], target.Root.GetXattr("a/b/file", "user.key")!);
        Assert.Equal((3_000_000u, 2u), (target.Root.Stat("hard")!.Value.Uid, target.Root.Stat("hard")!.Value.NLink));
        Assert.Equal(view.Stat("a")!.Value.MTimeNs / 1_000_000_000, target.Root.Stat("a")!.Value.MTimeNs / 1_000_000_000);
    }

    [Fact]
    public async Task Files_of_the_kernel_neither_block_nor_fail()
    {
        await using var view = Views.Of("/proc");
        var entries = await Views.GetAsync(view, $"/{Environment.ProcessId}/net/");
        Assert.NotEmpty(entries);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_read_keeps_the_size_of_its_header()
    {
        await using var root = new EngineRoot();
        var path = Path.Combine(root.Make("tree"), "file");
        File.WriteAllBytes(path, new byte[3 << 20]);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        using var output = new MemoryStream();
        using (var tar = new Slipway.Engine.Files.TarWriter(output))
        {
            await tar.WriteAsync(new Slipway.Engine.Layers.TarEntry { Name = "file", Size = 3 << 20 }, default);
            RandomAccess.SetLength(file, 1000);
            await tar.CopyAsync(file, 3 << 20, default);
            await tar.FinishAsync(default);
        }

        Assert.Equal(3 << 20, Views.Read(output).Single().Length);
    }

    private static async Task<MemoryStream> ArchiveAsync(SafePath tree)
    {
        var output = new MemoryStream();
        using var tar = new Slipway.Engine.Files.TarWriter(output);
        await new TreeArchive(tar, default).WriteDirectoryAsync(tree, "");
        await tar.FinishAsync(default);
        output.Position = 0;
        return output;
    }

    private static string Tree(EngineRoot root)
    {
        var tree = root.Make("tree");
        Directory.CreateDirectory(Path.Combine(tree, "a/b"));
        File.WriteAllText(Path.Combine(tree, "a/b/file"), "content");
        File.CreateSymbolicLink(Path.Combine(tree, "link"), "/a/b");
        return tree;
    }
}
