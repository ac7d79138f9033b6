using Google.Protobuf;
using Slipway.Build.Context;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.BuildKit.Sync;
using Slipway.Engine;

namespace Slipway.BuildKit.Tests;

/// <summary>Whatever a client's packets say, nothing outside of the mirror is touched.</summary>
public sealed class HostileDirectoryTests : IDisposable
{
    private const uint Directory = 1u << 31;
    private const uint Link = 1u << 27;

    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("slipway-mirror").FullName;
    private readonly ContextMirror _mirror;

    public HostileDirectoryTests()
    {
        System.IO.Directory.CreateDirectory(Inside);
        System.IO.Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "kept"), "untouched");
        _mirror = new ContextMirror("key", BuildContext.Of(Inside, _ => { }), DateTimeOffset.UnixEpoch);
    }

    private string Inside => Path.Combine(_root, "inside");

    private string Outside => Path.Combine(_root, "outside");

    [Theory]
    [InlineData("../outside/new")]
    [InlineData("/outside/new")]
    [InlineData("a/../../outside/new")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("missing/new")]
    [InlineData("nul\0byte")]
    public async Task PathsThatAreNoneAreRefused(string path)
    {
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("a", Directory | 0x1ED), Told(path, 0x1A4), End(), Data(1, "x"), Data(1, "")));
        AssertUntouched();
    }

    [Fact]
    public async Task NothingIsWrittenThroughLinks()
    {
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("out", Link | 0x1FF, "../outside"), Told("out/new", 0x1A4), End(), Data(1, "x"), Data(1, "")));
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("name", 0x1A4, "../outside/kept"), End()));
        await ReceiveAsync(Told("out", Link | 0x1FF, "../outside"), End(), Fin());
        // A directory takes the link's place; what the link led to stays.
        await ReceiveAsync(Told("out", Directory | 0x1ED), Told("out/kept", 0x1A4), End(), Data(1, "mine"), Data(1, ""), Fin());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Inside, "out/kept")));
        AssertUntouched();
    }

    [Fact]
    public async Task ContentThatNobodyAskedForIsRefused()
    {
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("a", 0x1A4), End(), Data(7, "x")));
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("a", 0x1A4), Told("a", 0x1A4), End()));
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("a", 0x1A4), End()));
        AssertUntouched();
    }

    [Fact]
    public async Task OnlyChangesAreAskedForAndFilesAreReplaced()
    {
        Assert.Equal(1, await ReceiveAsync(Told("a", 0x1A4, modified: 1), End(), Data(0, "one"), Data(0, ""), Fin()));
        var linked = Path.Combine(_root, "linked");
        File.CreateSymbolicLink(Path.Combine(_root, "unused"), "x");
        using (var inside = Slipway.Linux.SafePath.Open(_root))
        {
            inside.CreateHardLink("inside/a", "linked");
        }

        Assert.Equal(0, await ReceiveAsync(Told("a", 0x1A4, modified: 1), End(), Fin()));
        Assert.Equal(1, await ReceiveAsync(Told("a", 0x1ED, modified: 1), Told("b", 0x1A4, "a"), End(), Data(0, "two"), Data(0, ""), Fin()));
        Assert.Equal("one", File.ReadAllText(linked));
        Assert.Equal("two", File.ReadAllText(Path.Combine(Inside, "b")));
        Assert.Equal(0, await ReceiveAsync(End(), Fin()));
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(Inside));
    }

    [Fact]
    public async Task AnUpdateThatBreaksOffIsGoneOnWith()
    {
        await Assert.ThrowsAsync<EngineException>(() => ReceiveAsync(Told("a", 0x1A4), Told("b", 0x1A4), End(), Data(0, "whole"), Data(0, ""), Data(1, "ha")));
        Assert.Equal(1, await ReceiveAsync(Told("a", 0x1A4), Told("b", 0x1A4), End(), Data(1, "half"), Data(1, ""), Fin()));
        Assert.Equal("whole", File.ReadAllText(Path.Combine(Inside, "a")));
        Assert.Equal("half", File.ReadAllText(Path.Combine(Inside, "b")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RandomPacketsStayInside(int seed)
    {
        var random = new Random(seed);
        string[] names = ["a", "b", "a/b", "a/b/c", "../outside/x", "/etc/x", "b/../../outside/kept", "a/..", "outside"];
        uint[] modes = [0x1A4, Directory | 0x1ED, Link | 0x1FF, 1u << 25 | 0x180, 1u << 24];
        for (var round = 0; round < 300; round++)
        {
            var packets = Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(5) switch
            {
                0 => Data((uint)random.Next(6), random.Next(2) == 0 ? "" : "data"),
                1 => End(),
                _ => Told(names[random.Next(names.Length)], modes[random.Next(modes.Length)], random.Next(3) == 0 ? names[random.Next(names.Length)] : "", random.Next(3)),
            }).Append(Fin()).ToArray();
            try
            {
                await ReceiveAsync(packets);
            }
            catch (EngineException)
            {
                // Refused.
            }

            AssertUntouched();
        }
    }

    public void Dispose()
    {
        _mirror.Files.Dispose();
        System.IO.Directory.Delete(_root, recursive: true);
    }

    private void AssertUntouched()
    {
        Assert.Equal(["kept"], System.IO.Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
        Assert.Equal("untouched", File.ReadAllText(Path.Combine(Outside, "kept")));
        Assert.False(File.Exists("/etc/x"));
    }

    // Runs the packets through a connection; returns how many files were asked for.
    private async Task<int> ReceiveAsync(params Packet[] packets)
    {
        var asked = 0;
        await using var pair = new ConnectionPair(async call =>
        {
            var counting = CountAsync(call);
            foreach (var packet in packets)
            {
                await call.WriteAsync(packet);
            }

            if (packets.Any(packet => packet.Type == PacketType.PacketFin))
            {
                await Task.WhenAny(counting, Task.Delay(TimeSpan.FromSeconds(1)));
            }

            call.End(null);
            await counting;
        });
        using var stream = await pair.Channel.OpenAsync("test", [], CancellationToken.None);
        using (var update = _mirror.Update())
        {
            await new ReceiveDirectory(stream, update, _ => { }, CancellationToken.None).RunAsync();
            stream.EndWriting();
        }

        return asked;

        async Task CountAsync(GrpcCall call)
        {
            try
            {
                while (await call.Messages.ReadAsync(Packet.Parser, CancellationToken.None) is { } packet)
                {
                    asked += packet.Type == PacketType.PacketReq ? 1 : 0;
                }
            }
            catch (GrpcException)
            {
                // The receiver refused.
            }
        }
    }

    private static Packet Told(string path, uint mode, string link = "", long modified = 0) =>
        new() { Type = PacketType.PacketStat, Stat = new Stat { Path = path, Mode = mode, Linkname = link, ModTime = modified } };

    private static Packet End() => new() { Type = PacketType.PacketStat };

    private static Packet Fin() => new() { Type = PacketType.PacketFin };

    private static Packet Data(uint id, string text) => new() { Type = PacketType.PacketData, Id = id, Data = ByteString.CopyFromUtf8(text) };
}
