using System.Formats.Tar;
using Slipway.Engine.Containers;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

public sealed class PutTests : IAsyncLifetime
{
    private readonly EngineRoot _root = new();
    private readonly string _box;
    private readonly ContainerView _view;

    public PutTests()
    {
        File.WriteAllText(Path.Combine(_root.Root, "sentinel"), "untouched");
        _box = _root.Make("box");
        Directory.CreateDirectory(Path.Combine(_box, "dir/sub"));
        File.WriteAllText(Path.Combine(_box, "dir/file"), "old");
        File.CreateSymbolicLink(Path.Combine(_box, "link"), "/dir");
        File.CreateSymbolicLink(Path.Combine(_box, "dir/up"), "../../../../../../.." + _root.Root);
        _view = Views.Of(_box);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        Assert.Equal("untouched", File.ReadAllText(Path.Combine(_root.Root, "sentinel")));
        Assert.Equal(["box", "data", "run", "sentinel"], Directory.GetFileSystemEntries(_root.Root).Select(Path.GetFileName).Order());
        await _view.DisposeAsync();
        await _root.DisposeAsync();
    }

    [Fact]
    public async Task Files_arrive_with_their_attributes_through_a_link_as_target()
    {
        var entry = Views.File("new/file", "fresh", (UnixFileMode)0x9ED);
        entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_500_000_000);
        await Views.PutAsync(_view, "/link", Views.Tar(entry));
        var stat = _view.Root.Stat("dir/new/file")!.Value;
        Assert.Equal((3u, 4u, (UnixFileMode)0x9ED, 1_500_000_000_000_000_000L), (stat.Uid, stat.Gid, stat.Permissions, stat.MTimeNs));
        Assert.Equal("fresh", File.ReadAllText(Path.Combine(_box, "dir/new/file")));
    }

    [Fact]
    public async Task Packed_archives_are_recognised()
    {
        foreach (var (name, tool) in ((string, string[])[])[("gz", ["gzip", "-c"]), ("bz2", ["bzip2", "-c"]), ("xz", ["xz", "-c"]), ("zst", ["zstd", "-c"])])
        {
            if (Spawn.FindExecutable(tool[0]) is null)
            {
                continue;
            }

            await Views.PutAsync(_view, "/dir", await PackAsync(tool, Views.Tar(Views.File("from-" + name, name))));
            Assert.Equal(name, File.ReadAllText(Path.Combine(_box, "dir/from-" + name)));
        }
    }

    [Fact]
    public async Task Files_of_any_length_arrive_in_pieces_and_take_the_place_of_others()
    {
        int[] lengths = [0, 1, 4095, 4096, 4097, 300_000, 3_000_003];
        foreach (var seed in (int[])[1, 2])
        {
            var contents = lengths.Select(length => new string([.. Enumerable.Range(0, length).Select(i => (char)('!' + (((i / 61) + (i * seed)) % 90)))])).ToList();
            var archive = Views.Tar([.. lengths.Select((length, i) => Views.File($"f{length}", contents[i]))]);
            await Views.PutAsync(_view, "/dir", new Pieces(archive.ToArray(), seed));
            Assert.Equal(contents, lengths.Select(length => File.ReadAllText(Path.Combine(_box, $"dir/f{length}"))));
        }
    }

    [Fact]
    public async Task Directories_are_replaced_only_when_allowed()
    {
        var overDirectory = Views.Tar(Views.File("sub", "x"));
        var refused = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/dir", overDirectory, noOverwrite: true));
        Assert.Contains("cannot overwrite directory", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/dir", Views.Tar(Views.Dir("file/")), noOverwrite: true));
        Assert.Contains("cannot overwrite non-directory", refused.Message, StringComparison.Ordinal);
        overDirectory.Position = 0;
        await Views.PutAsync(_view, "/dir", overDirectory);
        Assert.True(_view.Root.Stat("dir/sub")!.Value.IsRegular);
    }

    [Fact]
    public async Task Targets_must_be_directories_that_may_be_written()
    {
        var file = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/dir/file", Views.Tar()));
        Assert.Equal((ErrorKind.InvalidArgument, "extraction point is not a directory"), (file.Kind, file.Message));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/none", Views.Tar()))).Kind);

        var mounts = new[] { new ContainerMount { Type = "bind", Destination = "/link/sub", ReadWrite = false } };
        await using var guarded = Views.Of(_box, Views.Record(readOnly: true, mounts: mounts));
        var root = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(guarded, "/dir", Views.Tar()));
        Assert.Equal((ErrorKind.Forbidden, "container rootfs is marked read-only"), (root.Kind, root.Message));
        var volume = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(guarded, "/dir/sub", Views.Tar()));
        Assert.Equal((ErrorKind.Forbidden, "mounted volume is marked read-only"), (volume.Kind, volume.Message));
    }

    [Fact]
    public async Task Everything_goes_to_the_containers_user_when_asked()
    {
        Directory.CreateDirectory(Path.Combine(_box, "etc"));
        File.WriteAllText(Path.Combine(_box, "etc/passwd"), "app:x:41:42::/:/bin/sh\n");
        await using var view = Views.Of(_box, Views.Record(user: "app"));
        await Views.PutAsync(view, "/dir", Views.Tar(Views.File("mine", "x"), Views.Dir("d/")), copyUidGid: true);
        Assert.Equal((41u, 42u), (view.Root.Stat("dir/mine")!.Value.Uid, view.Root.Stat("dir/d")!.Value.Gid));
    }

    [Fact]
    public async Task Hostile_archives_stay_inside()
    {
        TarEntry[][] hostile =
        [
            [Views.File("../escape", "x")],
            [Views.File("a/../../escape", "x")],
            [Views.File("/../../../../../../../escape", "x")],
            [Views.Link(TarEntryType.SymbolicLink, "out", "/"), Views.File("out/escape", "x")],
            [Views.Link(TarEntryType.SymbolicLink, "out2", "../../../../../../../.." + _root.Root), Views.File("out2/sentinel", "x")],
            [Views.File("up/sentinel", "x")],
            [Views.Link(TarEntryType.HardLink, "hard", "../../sentinel"), Views.File("hard", "x")],
            [Views.Link(TarEntryType.HardLink, "hard2", "up/sentinel")],
            [Views.Link(TarEntryType.HardLink, "hard3", "/etc/passwd")],
            [Views.Link(TarEntryType.SymbolicLink, "loop", "loop"), Views.File("loop/x", "x")],
            [Views.Link(TarEntryType.SymbolicLink, "file2", _root.Root + "/sentinel"), Views.File("file2", "x")],
            [Views.File(new string('n', 5000), "x")],
            [Views.File(string.Concat(Enumerable.Repeat("d/", 3000)) + "x", "x")],
        ];
        foreach (var entries in hostile)
        {
            try
            {
                await Views.PutAsync(_view, "/dir", Views.Tar(entries)).WaitAsync(TimeSpan.FromSeconds(20));
            }
            catch (EngineException e)
            {
                Assert.NotEqual(ErrorKind.Internal, e.Kind);
            }
        }

        Assert.False(File.Exists("/escape"));
    }

    [Fact]
    public async Task Broken_archives_are_the_callers_fault()
    {
        foreach (var body in (byte[][])[[1, 2, 3], [.. new byte[600].Select(_ => (byte)'x')], [.. Views.Tar(Views.File("f", new string('x', 5000))).ToArray()[..2000]]])
        {
            var failure = await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/dir", new MemoryStream(body)));
            Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        }

        await Views.PutAsync(_view, "/dir", new MemoryStream());
        var packed = await PackAsync(["gzip", "-c"], Views.Tar(Views.File("f", string.Join(' ', Enumerable.Range(0, 9999)))));
        packed.SetLength(packed.Length / 2);
        Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<EngineException>(() => Views.PutAsync(_view, "/dir", packed))).Kind);
    }

    private static async Task<MemoryStream> PackAsync(string[] tool, MemoryStream plain)
    {
        var start = new System.Diagnostics.ProcessStartInfo(tool[0], tool[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = System.Diagnostics.Process.Start(start)!;
        var packed = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(packed);
        await plain.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        packed.Position = 0;
        return packed;
    }

    private sealed class Pieces(byte[] content, int seed) : MemoryStream(content)
    {
        private readonly Random _random = new(seed);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, _random.Next(1, 9000))], cancellationToken);
    }
}
