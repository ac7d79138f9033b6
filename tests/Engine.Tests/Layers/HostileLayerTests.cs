using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Layers;

/// <summary>Archives that try to reach or break something outside the directory they are unpacked into (reliability check 36).</summary>
public sealed class HostileLayerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("slipway-hostile-").FullName;
    private readonly string _layer;
    private readonly string _outside;

    public HostileLayerTests()
    {
        _outside = Directory.CreateDirectory(Path.Combine(_root, "outside")).FullName;
        File.WriteAllText(Path.Combine(_outside, "victim"), "untouched");
        File.SetUnixFileMode(Path.Combine(_outside, "victim"), (UnixFileMode)0x1A4);
        _layer = Directory.CreateDirectory(Path.Combine(_root, "layer")).FullName;
    }

    private static string Up => "../outside/victim";

    internal static IReadOnlyDictionary<string, Func<string, byte[]>> Cases { get; } = new Dictionary<string, Func<string, byte[]>>
    {
        ["parent name"] = o => new TarBytes().File(Up, "x").End(),
        ["many parents"] = o => new TarBytes().File("a/../../../../../../.." + o + "/victim", "x").End(),
        ["parents in the middle"] = o => new TarBytes().Dir("a").File("a/b/../../../outside/victim", "x").End(),
        ["absolute name"] = o => new TarBytes().File(o + "/victim", "x").End(),
        ["double slash name"] = o => new TarBytes().File("//" + o + "//victim", "x").End(),
        ["dot name"] = o => new TarBytes().File("./././.", "x").End(),
        ["two dots alone"] = o => new TarBytes().Dir("..").End(),
        ["file through absolute link"] = o => new TarBytes().Link("l", o).File("l/victim", "x").End(),
        ["file through relative link"] = o => new TarBytes().Link("l", "../outside").File("l/victim", "x").End(),
        ["file through link to root"] = o => new TarBytes().Link("l", "/").File("l" + o + "/victim", "x").End(),
        ["file over link to file"] = o => new TarBytes().Link("l", o + "/victim").File("l", "x").End(),
        ["file through chain of links"] = o => new TarBytes().Link("a", "..").Link("b", "a/..").Link("c", "b/outside").File("c/victim", "x").End(),
        ["directory through link"] = o => new TarBytes().Link("l", o).Dir("l/made").End(),
        ["directory over link, then file"] = o => new TarBytes().Link("l", o).Dir("l", 0x1C0, 5, 5).File("l/victim", "x").End(),
        ["mode of directory over link"] = o => new TarBytes().Link("l", o).Dir("l/", 0x1FF).End(),
        ["link replaced under cached directory"] = o => new TarBytes().Dir("d").File("d/a", "1").Link("d", o).File("d/victim", "x").End(),
        ["link loop"] = o => new TarBytes().Link("a", "b").Link("b", "a").File("a/x", "x").End(),
        ["magic link"] = o => new TarBytes().Link("l", "/proc/self/root").File("l" + o + "/victim", "x").End(),
        ["hard link to absolute"] = o => new TarBytes().Hard("h", o + "/victim").File("h", "x").End(),
        ["hard link to parent"] = o => new TarBytes().Hard("h", Up).End(),
        ["hard link through link"] = o => new TarBytes().Link("l", o).Hard("h", "l/victim").File("h", "x").End(),
        ["hard link to link, then write"] = o => new TarBytes().Link("l", o + "/victim").Hard("h", "l").File("h", "x").End(),
        ["hard link to root"] = o => new TarBytes().Hard("h", "/").End(),
        ["hard link to directory"] = o => new TarBytes().Dir("d").Hard("h", "d").End(),
        ["hard link to itself"] = o => new TarBytes().File("h", "x").Hard("h", "h").End(),
        ["hard link name through link"] = o => new TarBytes().File("f", "x").Link("l", o).Hard("l/victim", "f").End(),
        ["link name through link"] = o => new TarBytes().Link("l", o).Link("l/victim", "/etc").End(),
        ["device through link"] = o => new TarBytes().Link("l", o).Node('3', "l/null", 1, 3).End(),
        ["fifo through link"] = o => new TarBytes().Link("l", o).Node('6', "l/fifo", 0, 0).End(),
        ["whiteout through link"] = o => new TarBytes().Link("l", o).File("l/.wh.victim", "").End(),
        ["opaque through link"] = o => new TarBytes().Link("l", o).File("l/.wh..wh..opq", "").End(),
        ["whiteout of nothing"] = o => new TarBytes().File(".wh.", "").End(),
        ["whiteout of self"] = o => new TarBytes().Dir("d").File("d/.wh..", "").End(),
        ["whiteout of parent"] = o => new TarBytes().Dir("d").File("d/.wh...", "").End(),
        ["whiteout in parent"] = o => new TarBytes().File("../outside/.wh.victim", "").End(),
        ["opaque at root"] = o => new TarBytes().File(".wh..wh..opq", "").End(),
        ["opaque in a file"] = o => new TarBytes().File("f", "x").File("f/.wh..wh..opq", "").End(),
        ["aufs metadata"] = o => new TarBytes().Dir(".wh..wh.plnk").File(".wh..wh.aufs", "").End(),
        ["directory named as whiteout"] = o => new TarBytes().Dir(".wh.d").File(".wh.d/x", "x").End(),
        ["whiteout, then directory"] = o => new TarBytes().File(".wh.d", "").Dir("d").File("d/x", "x").End(),
        ["file as parent"] = o => new TarBytes().File("f", "x").File("f/x", "x").End(),
        ["directory over file"] = o => new TarBytes().File("f", "x").Dir("f").File("f/x", "y").End(),
        ["file over full directory"] = o => new TarBytes().Dir("d").File("d/a", "x").File("d/b/c", "x").File("d", "y").End(),
        ["same name many times"] = o => new TarBytes().File("f", "1").Link("f", o).Dir("f").Node('3', "f", 1, 3).File("f", "2").End(),
        ["setuid file"] = o => new TarBytes().File("su", "x", 0xDED, 1000, 1000).End(),
        ["block device"] = o => new TarBytes().Node('4', "sda", 8, 0).End(),
        ["device that means whiteout"] = o => new TarBytes().Node('3', "gone", 0, 0).End(),
        ["unknown type"] = o => new TarBytes().Entry('Z', "z", "", 0, 0, 0, 0, 0).End(),
        ["name with newline and escapes"] = o => new TarBytes().File("a\nb\u001b[31m\"'", "x").End(),
        ["name with NUL in PAX"] = o => new TarBytes().Pax(("path", "a\0b")).File("x", "x").End(),
        ["name of 5000 characters"] = o => new TarBytes().File(new string('n', 5000), "x").End(),
        ["part of 300 characters"] = o => new TarBytes().File(new string('n', 300), "x").End(),
        ["5000 levels"] = o => new TarBytes().File(string.Concat(Enumerable.Repeat("d/", 5000)) + "f", "x").End(),
        ["2000 levels"] = o => new TarBytes().File(string.Concat(Enumerable.Repeat("d/", 2000)) + "f", "x").End(),
        ["negative size"] = o => new TarBytes().Entry('0', "f", "", 0x1A4, 0, 0, 0, 0, rawSize: "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff").End(),
        ["negative PAX size"] = o => new TarBytes().Pax(("size", "-5")).File("f", "x").End(),
        ["huge size"] = o => new TarBytes().Entry('0', "f", "", 0x1A4, 0, 0, 0, 0, rawSize: "\u0080\0\0\0\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff").End(),
        ["PAX header of 4 GB"] = o => new TarBytes().Entry('x', "p", "", 0, 0, 0, 4L << 30, 0).End(),
        ["long name of 4 GB"] = o => new TarBytes().Entry('L', "p", "", 0, 0, 0, 4L << 30, 0).End(),
        ["PAX record without end"] = o => new TarBytes().Entry('x', "p", "", 0, 0, 0, 9, 0).Data("99 path=x"u8.ToArray()).File("f", "x").End(),
        ["owner beyond 32 bits"] = o => new TarBytes().Pax(("uid", "4294967296")).File("f", "x").End(),
        ["owner minus one"] = o => new TarBytes().Pax(("uid", "4294967295")).File("f", "x").End(),
        ["time beyond reason"] = o => new TarBytes().Pax(("mtime", "99999999999999999999999")).File("f", "x").End(),
        ["sparse map beyond size"] = o => new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "10")).File("f", "1\n9999999999999\n1\n" + new string('\0', 600)).End(),
        ["overlay control attributes"] = o => new TarBytes().Dir("d").File("d/f", "x", xattrs: [("trusted.overlay.redirect", "/etc"), ("trusted.overlay.opaque", "y"), ("user.overlay.opaque", "y")]).End(),
        ["truncated file"] = o => new TarBytes().File("f", new byte[5000]).Truncated(2000),
        ["truncated header"] = o => new TarBytes().File("f", "x").Truncated(700),
        ["noise"] = o => [.. Enumerable.Range(0, 2048).Select(i => (byte)(i * 7))],
        ["wrong checksum"] = o => { var tar = new TarBytes().File("f", "x").End(); tar[0] ^= 1; return tar; },
        ["link to nothing"] = o => new TarBytes().Link("l", "").End(),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_outside_is_touched(string name)
    {
        var before = Snapshot(_outside);
        try
        {
            var applied = ApplyLayer.Run(new MemoryStream(Cases[name](_outside)), _layer, CancellationToken.None);
            AttachLayer.Run(applied, _layer, []);
        }
        catch (Exception e)
        {
            Assert.Equal(ErrorKind.InvalidArgument, Assert.IsType<EngineException>(LayerErrors.Translate(e) ?? e).Kind);
        }

        Assert.Equal(before, Snapshot(_outside));
        Assert.Equal(["layer", "outside"], Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName).Order());
        Assert.DoesNotContain(Attributes(), attribute => attribute.StartsWith("d/f:trusted.overlay", StringComparison.Ordinal) || attribute.Contains("user.overlay", StringComparison.Ordinal));
    }

    [Fact]
    public void A_whiteout_before_a_new_directory_makes_it_opaque()
    {
        ApplyLayer.Run(new MemoryStream(new TarBytes().File(".wh.d", "").File("d/x", "x").File(".wh.e", "").Dir("e").End()), _layer, CancellationToken.None);
        using var root = SafePath.Open(_layer);
        Assert.Equal("y"u8.ToArray(), root.GetXattr("d", "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), root.GetXattr("e", "trusted.overlay.opaque"));
    }

    public void Dispose()
    {
        using var temp = SafePath.Open(Path.GetTempPath());
        temp.RemoveTree(Path.GetFileName(_root));
    }

    private static string Snapshot(string directory) => string.Join('\n', Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order()
        .Select(path => $"{path} {FileStat.OfPath(path, false)?.Mode} {FileStat.OfPath(path, false)?.CTimeNs} {(File.Exists(path) ? File.ReadAllText(path) : "")}").Append($"{FileStat.OfPath(directory)?.Mode} {FileStat.OfPath(directory)?.CTimeNs}"));

    private List<string> Attributes()
    {
        using var root = SafePath.Open(_layer);
        return root.Stat("d/f") is null ? [] : [.. root.ListXattr("d/f").Select(name => "d/f:" + name)];
    }
}
