using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Layers;

/// <summary>Unusual layers that are all right (reliability check 37), and the way back: packing gives the same layer again.</summary>
public sealed class OddLayerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("slipway-odd-").FullName;

    public void Dispose()
    {
        using var temp = SafePath.Open(Path.GetTempPath());
        temp.RemoveTree(Path.GetFileName(_root));
    }

    [Fact]
    public void Absolute_links_stay_text_and_files_behind_them_land_inside()
    {
        var layer = Apply(new TarBytes().Dir("run").Dir("var").Link("var/run", "/run").File("var/run/pid", "1").End());
        Assert.Equal("/run", new FileInfo(Path.Combine(layer, "var/run")).LinkTarget);
        Assert.Equal("1", File.ReadAllText(Path.Combine(layer, "run/pid")));
    }

    [Fact]
    public void Absolute_hard_links_mean_the_root_of_the_layer()
    {
        var layer = Apply(new TarBytes().File("bin/a", "x", 0x9ED, 3, 4).Hard("bin/b", "/bin/a").Hard("c", "./bin/a").End());
        using var root = SafePath.Open(layer);
        Assert.Equal(3u, root.Stat("c")!.Value.NLink);
        Assert.Equal((UnixFileMode)0x9ED, root.Stat("bin/b")!.Value.Permissions);
    }

    [Fact]
    public void Hard_links_to_layers_below_bring_a_copy_with_its_attributes()
    {
        var below = Apply(new TarBytes().Dir("usr", 0x1C0, 7, 8, 77).File("usr/f", "shared", 0xDED, 5, 6, 55).End());
        var applied = Run(new TarBytes().Hard("usr/g", "usr/f").Hard("h", "/usr/f").End(), out var layer);
        AttachLayer.Run(applied, layer, [below]);
        using var root = SafePath.Open(layer);
        var stat = root.Stat("h")!.Value;
        Assert.Equal((3u, 5u, 6u, (UnixFileMode)0xDED), (stat.NLink, stat.Uid, stat.Gid, stat.Permissions));
        Assert.Equal("shared", File.ReadAllText(Path.Combine(layer, "usr/g")));
        Assert.Equal((7u, 8u, (UnixFileMode)0x1C0), (root.Stat("usr")!.Value.Uid, root.Stat("usr")!.Value.Gid, root.Stat("usr")!.Value.Permissions));
    }

    [Fact]
    public void Hard_links_see_through_whiteouts_as_overlayfs_does()
    {
        var bottom = Apply(new TarBytes().File("d/f", "old").End());
        var middle = Apply(new TarBytes().File("d/.wh.f", "").End());
        var applied = Run(new TarBytes().Hard("g", "d/f").End(), out var layer);
        Assert.Throws<TarException>(() => AttachLayer.Run(applied, layer, [middle, bottom]));
    }

    [Fact]
    public void Directories_no_entry_describes_look_as_they_do_below()
    {
        var bottom = Apply(new TarBytes().Dir("a", 0x1C0, 1, 2, 11).Dir("a/b", 0x1E8, 3, 4, 12).End());
        var applied = Run(new TarBytes().File("a/b/c/d", "x").End(), out var layer);
        AttachLayer.Run(applied, layer, [bottom]);
        using var root = SafePath.Open(layer);
        Assert.Equal(((UnixFileMode)0x1C0, 1u, 2u, 11_000_000_000L), (root.Stat("a")!.Value.Permissions, root.Stat("a")!.Value.Uid, root.Stat("a")!.Value.Gid, root.Stat("a")!.Value.MTimeNs));
        Assert.Equal((UnixFileMode)0x1E8, root.Stat("a/b")!.Value.Permissions);
        Assert.Equal((UnixFileMode)0x1ED, root.Stat("a/b/c")!.Value.Permissions);
    }

    [Fact]
    public void An_opaque_root_hides_every_name_below()
    {
        var bottom = Apply(new TarBytes().File("a", "1").File("b/c", "2").End());
        var applied = Run(new TarBytes().File(".wh..wh..opq", "").File("a", "new").End(), out var layer);
        AttachLayer.Run(applied, layer, [bottom]);
        using var root = SafePath.Open(layer);
        Assert.True(root.Stat("b")!.Value.IsCharacterDevice);
        Assert.True(root.Stat("a")!.Value.IsRegular);
    }

    [Fact]
    public void Attributes_times_and_owners_are_kept()
    {
        var layer = Apply(new TarBytes().Pax(("mtime", "1234.567890123")).File("t", "x").Pax(("mtime", "-5.5"), ("uid", "4294967294")).File("old", "x")
            .File("x", "x", xattrs: [("user.color", "blue")]).Dir("sticky", 0x3FF, 9, 9, 42).File("sticky/f", "x").Node('6', "fifo", 0, 0).Node('3', "null", 1, 3).End());
        using var root = SafePath.Open(layer);
        Assert.Equal(1_234_567_890_123L, root.Stat("t")!.Value.MTimeNs);
        Assert.Equal((-5_500_000_000L, 4294967294u), (root.Stat("old")!.Value.MTimeNs, root.Stat("old")!.Value.Uid));
        Assert.Equal("blue"u8.ToArray(), root.GetXattr("x", "user.color"));
        Assert.Equal(((UnixFileMode)0x3FF, 42_000_000_000L), (root.Stat("sticky")!.Value.Permissions, root.Stat("sticky")!.Value.MTimeNs));
        Assert.True(root.Stat("fifo")!.Value.IsFifo);
        Assert.Equal(new DeviceNumber(1, 3), root.Stat("null")!.Value.Rdev);
    }

    [Theory]
    [InlineData("gnu", "")]
    [InlineData("pax", "0.0")]
    [InlineData("pax", "0.1")]
    [InlineData("pax", "1.0")]
    public void Sparse_files_of_gnu_tar_keep_content_and_holes(string format, string version)
    {
        var source = Directory.CreateDirectory(Path.Combine(_root, "sparse")).FullName;
        var name = new string('s', 120);
        using (var file = File.Create(Path.Combine(source, name)))
        {
            for (var i = 0; i < 40; i++)
            {
                file.Position = i * 1_000_000L;
                file.Write("data"u8);
            }

            file.SetLength(50_000_000);
        }

        var tar = Path.Combine(_root, "s.tar");
        string[] options = version.Length == 0 ? [] : ["--sparse-version=" + version];
        Tar(["--sparse", "--format=" + format, .. options, "-cf", tar, "-C", source, "."]);
        var layer = Apply(File.ReadAllBytes(tar));
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, name)), File.ReadAllBytes(Path.Combine(layer, name)));
        Assert.True(FileStat.OfPath(Path.Combine(layer, name))!.Value.Blocks < 2000);
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("pax")]
    [InlineData("ustar")]
    [InlineData("v7")]
    public void A_real_tree_comes_out_as_gnu_tar_unpacks_it(string format)
    {
        var source = Directory.CreateDirectory(Path.Combine(_root, "tree")).FullName;
        Directory.CreateDirectory(Path.Combine(source, "deep/er/est"));
        File.WriteAllText(Path.Combine(source, "deep/er/est/ümläut file"), "x");
        File.CreateSymbolicLink(Path.Combine(source, "deep/link"), "/etc/passwd");
        File.WriteAllBytes(Path.Combine(source, "big"), new byte[3_000_000]);
        if (format is not ("v7" or "ustar"))
        {
            File.WriteAllText(Path.Combine(source, "deep", new string('l', 200)), "long");
        }

        var tar = Path.Combine(_root, "t.tar");
        Tar(["--format=" + format, "-cf", tar, "-C", source, "."]);
        var layer = Apply(File.ReadAllBytes(tar));
        var reference = Directory.CreateDirectory(Path.Combine(_root, "reference")).FullName;
        Tar(["-xpf", tar, "-C", reference]);
        Assert.Equal(Listing(reference), Listing(layer));
    }

    [Fact]
    public async Task Packing_a_layer_gives_the_entries_it_was_made_from()
    {
        var original = new TarBytes().Dir("d", 0x1C0, 1, 2).File("d/.wh..wh..opq", "", 0, mtime: 0).File("d/f", "x", 0x9ED, 5, 6, xattrs: [("user.k", "v")]).File(".wh.gone", "", 0).Hard("g", "d/f").Link("l", "/x").End();
        var layer = Apply(original);
        var packed = new MemoryStream();
        await DiffLayer.WriteAsync(layer, packed, CancellationToken.None);
        var again = new MemoryStream();
        var second = Path.Combine(_root, "second");
        Directory.CreateDirectory(second);
        ApplyLayer.Run(new MemoryStream(packed.ToArray()), second, CancellationToken.None);
        await DiffLayer.WriteAsync(second, again, CancellationToken.None);
        Assert.Equal(packed.ToArray(), again.ToArray());
        Assert.Equal(["d/", "d/.wh..wh..opq", "d/f", "g", ".wh.gone", "l"], Entries(packed.ToArray()));
    }

    private static List<string> Entries(byte[] archive)
    {
        using var tar = new TarInput(new MemoryStream(archive));
        var names = new List<string>();
        while (tar.Next() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private static List<string> Listing(string root) => [.. Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path =>
    {
        var stat = FileStat.OfPath(path, false)!.Value;
        var content = stat.IsRegular ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))) : new FileInfo(path).LinkTarget;
        return $"{path[root.Length..]} {stat.Mode} {stat.Uid} {stat.Gid} {stat.NLink} {stat.MTimeNs} {content}";
    })];

    private static void Tar(string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("tar", arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

    private AppliedLayer Run(byte[] tar, out string directory)
    {
        directory = Directory.CreateDirectory(Path.Combine(_root, "layer-" + Path.GetRandomFileName())).FullName;
        return ApplyLayer.Run(new MemoryStream(tar), directory, CancellationToken.None);
    }

    private string Apply(byte[] tar)
    {
        AttachLayer.Run(Run(tar, out var directory), directory, []);
        return directory;
    }
}
