using Slipway.Engine.Containers;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

/// <summary>A container that exchanges directories with links as fast as it can while it is copied from and to (reliability check 39).</summary>
public sealed class RaceTests
{
    private const int Rounds = 400;

    [Fact]
    public async Task Copying_never_leaves_the_container()
    {
        await using var root = new EngineRoot();
        var host = root.Make("host");
        File.WriteAllText(Path.Combine(host, "only-there"), "host");
        File.WriteAllText(Path.Combine(host, "file"), "host");
        var before = Sentinel(host);

        // On a tmpfs, so that the exchange costs no disk flush.
        var memory = root.Make("memory");
        Mounts.Mount("tmpfs", memory, "tmpfs", 0, "size=64m");
        var volume = Directory.CreateDirectory(Path.Combine(memory, "volume")).FullName;
        File.WriteAllText(Path.Combine(volume, "file"), "inside");
        var layers = Layers(memory, host);
        ContainerMount[] mounts = [new() { Type = "bind", Source = volume, Destination = "/a/mnt" }];
        try
        {
            using var mounted = MountedRoot.Open(layers, root.Make("rootfs"), mounts, _ => null);
            await RaceAsync(mounted.Root);
        }
        finally
        {
            Mounts.Unmount(memory);
        }

        Assert.Equal(before, Sentinel(host));
    }

    private static async Task RaceAsync(SafePath root)
    {
        using var stop = new CancellationTokenSource();
        var inside = Descriptors.PathOf(root.Fd);
        var swapper = new Thread(() => Swap(inside, stop.Token));
        swapper.Start();
        var copied = 0;
        try
        {
            await using var view = new ContainerView(SafePath.FromFd(Descriptors.Duplicate(root.Fd)), Views.Record(), () => { });
            for (var i = 0; i < Rounds || (copied < Rounds / 4 && i < 100 * Rounds); i++)
            {
                copied += await CopyOnceAsync(view, i);
            }
        }
        finally
        {
            stop.Cancel();
            swapper.Join();
        }

        Assert.True(copied >= Rounds / 4, $"only {copied} copies got through");
    }

    private static async Task<int> CopyOnceAsync(ContainerView view, int round)
    {
        try
        {
            foreach (var entry in await Views.GetAsync(view, round % 3 == 0 ? "/a" : round % 3 == 1 ? "/a/dir/" : "/a/dir/file"))
            {
                var text = entry.DataStream is null ? "" : new StreamReader(entry.DataStream).ReadToEnd();
                Assert.DoesNotContain("host", text, StringComparison.Ordinal);
                Assert.DoesNotContain("only-there", entry.Name, StringComparison.Ordinal);
            }

            await Views.PutAsync(view, "/a/dir", Views.Tar(Views.File("file", "inside"), Views.File("mnt/secret", "inside"), Views.File("deep/secret", "inside")));
            return 1;
        }
        catch (Exception e) when (e is EngineException or LinuxException)
        {
            return 0;
        }
    }

    private static void Swap(string root, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                DurableFile.RenameExchange(root + "/a/dir", root + "/a/out");
                DurableFile.RenameExchange(root + "/a/dir", root + "/a/up");
            }
            catch (LinuxException)
            {
                // A copy has just replaced one of them.
                continue;
            }
        }
    }

    private static OverlayLayers Layers(string memory, string host)
    {
        string[] directories = ["lower", "upper", "work"];
        foreach (var directory in directories)
        {
            Directory.CreateDirectory(Path.Combine(memory, directory));
        }

        using var upper = SafePath.Open(memory + "/upper");
        upper.EnsureDirectories("a/dir/deep", (UnixFileMode)0x1ED);
        File.WriteAllText(memory + "/upper/a/dir/file", "inside");
        upper.CreateSymlink(host, "a/out");
        upper.CreateSymlink("../../../../../../../../../../.." + host, "a/up");
        return new OverlayLayers([memory + "/lower"], memory + "/upper", memory + "/work");
    }

    private static string Sentinel(string host) => string.Join('\n', Directory.GetFileSystemEntries(host, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(path => $"{path} {FileStat.OfPath(path, followLast: false)!.Value with { ATimeNs = 0 }} {(File.Exists(path) ? File.ReadAllText(path) : "")}"));
}
