using System.Text.RegularExpressions;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Registry;

/// <summary>The daemon's own registry with the docker client, our client and skopeo.</summary>
public sealed partial class OwnRegistryTests : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private PrivateDaemon _daemon = null!;

    private string Address => ListenPattern().Matches(_daemon.Log)[^1].Groups[1].Value;

    private string Home => Path.Combine(_scratch.Root, "home");

    public async Task InitializeAsync()
    {
        _daemon = _scratch.Daemon(options: ["--registry-listen", "127.0.0.1:0"]);
        await _daemon.StartAsync();
        await _daemon.LoadAsync(BusyboxImage.Archive());
        Directory.CreateDirectory(Home);
    }

    public async Task DisposeAsync() => await _scratch.DisposeAsync();

    [Fact]
    public async Task Images_go_there_and_come_back()
    {
        var name = $"localhost:{Address.Split(':')[1]}/team/bb:1";
        await DockerAsync("tag", "busybox", name);
        Assert.DoesNotContain("Pushed", await DockerAsync("push", name), StringComparison.Ordinal);
        await DockerAsync("rmi", name);
        Assert.Contains("hello", await DockerAsync("run", "--rm", "--network", "none", name, "echo", "hello"), StringComparison.Ordinal);

        // Where others ask, the blobs are there.
        Tool.Run("skopeo", "copy", "--src-tls-verify=false", $"docker://{Address}/team/bb:1", $"dir:{_scratch.Root}/dir");
        Assert.Equal("1\n", await SlipwayAsync("registry", "tags", "team/bb"));
        await SlipwayAsync("copy", "-q", "team/bb:1", $"archive:{_scratch.Root}/bb.tar:x");
        await SlipwayAsync("copy", "-q", $"archive:{_scratch.Root}/bb.tar:x", $"oci:{_scratch.Root}/layout:y");
        await SlipwayAsync("copy", "-q", $"oci:{_scratch.Root}/layout:y", "team/copy:z");
        Assert.Equal("team/bb\nteam/copy\n", await SlipwayAsync("registry", "ls", "-q"));
        await SlipwayAsync("registry", "rm", "--all", "team/copy");
        await SlipwayAsync("registry", "gc");
        Assert.Equal("team/bb\n", await SlipwayAsync("registry", "ls", "-q"));
        Assert.Equal("Everything is sound\n", await SlipwayAsync("system", "check"));
    }

    private Task<string> DockerAsync(params string[] arguments) => RunAsync(EngineRoom.DockerProgram, arguments);

    private Task<string> SlipwayAsync(params string[] arguments) => RunAsync(EngineRoom.SlipwayProgram, arguments);

    private async Task<string> RunAsync(string program, string[] arguments)
    {
        using var command = CommandLine.Start(program, ["-H", "unix://" + _daemon.Socket, .. arguments], Home);
        var outcome = await command.EndAsync();
        Assert.True(outcome.Code == 0, $"{program} {string.Join(' ', arguments)}: {outcome.Error}");
        return outcome.Output;
    }

    [GeneratedRegex(@"registry listens on (\S+)")]
    private static partial Regex ListenPattern();
}
