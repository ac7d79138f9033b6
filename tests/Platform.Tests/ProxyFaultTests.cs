using System.Globalization;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The proxy and the platform are ended and damaged; routes stay (reliability checks 67 and 68).</summary>
[Collection(PlatformTests.Name)]
public sealed class ProxyFaultTests(PlatformRoom room)
{
    [Fact]
    public async Task Requests_go_on_while_the_platform_is_killed_and_started()
    {
        await room.MakeAsync("goes-on");
        await room.DeployAsync("goes-on");
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(room, "goes-on.localhost", 50, stop.Token);
        for (var round = 0; round < 2; round++)
        {
            await room.KillAsync();
            await room.StartAsync();
        }

        await stop.CancelAsync();
        var (answers, failures) = await load;
        Assert.Empty(failures);
        Assert.Equal(["first\n"], answers.Keys);
    }

    [Fact]
    public async Task A_proxy_that_is_killed_has_its_routes_again_also_without_the_platform_and_from_a_damaged_document()
    {
        await room.MakeAsync("routed");
        await room.DeployAsync("routed");
        await room.OkAsync("PUT", "/api/v1/apps/routed/domains", """[{"host":"routed.localhost"},{"host":"second.localhost","path":"/x"}]""");
        await KillProxyAsync();
        await ServesAsync();
        await room.KillAsync();
        await KillProxyAsync();
        await ServesAsync();

        await InProxyAsync("sh", "-c", "echo '{\"apps\":{\"http\":' >/config/caddy/autosave.json");
        await KillProxyAsync();
        await ServesAsync();

        await InProxyAsync("sh", "-c", "rm -rf /config/caddy/autosave.json /config/caddy/last-good.json /config/targets");
        await KillProxyAsync();
        await room.StartAsync();
        await ServesAsync();
        await InProxyAsync("sh", "-c", "touch /config/targets/nobody:1; for d in /config/targets/*/; do touch ${d}elsewhere:9; done");
        await ServesAsync();
        await Wait.UntilAsync("strange targets are gone", async () => !(await InProxyAsync("find", "/config/targets", "-name", "elsewhere*")).Contains("elsewhere", StringComparison.Ordinal), 20);
    }

    [Fact]
    public async Task A_proxy_that_is_killed_while_a_release_waits_serves_the_old_one_and_the_deployment_ends()
    {
        await room.MakeAsync("middle");
        await room.DeployAsync("middle");
        await room.OkAsync("PATCH", "/api/v1/apps/middle", """{"run":{"port":8080,"command":["sh","-c","sleep 6; mkdir /w; echo late >/w/index.html; exec httpd -f -p 8080 -h /w"],"health":{"kind":"http"}}}""");
        var deployment = (await room.OkAsync("POST", "/api/v1/apps/middle/deploy", "{}"))!;
        await Wait.UntilAsync("it waits", async () => (await room.OkAsync("GET", $"/api/v1/deployments/{deployment["id"]}/log"))!.GetValue<string>().Contains("Waiting until", StringComparison.Ordinal), 30);
        await KillProxyAsync();
        await Wait.UntilAsync("somebody serves", async () => await room.TryGetAsync("middle.localhost") is "first\n" or "late\n", 30);
        var (state, log) = await room.EndAsync(deployment);
        Assert.Equal(state == "succeeded" ? "late\n" : "first\n", await room.GetAsync("middle.localhost"));
        Assert.True(state == "succeeded", log);
    }

    [Fact]
    public async Task An_application_that_dies_later_comes_back_and_what_was_asked_meanwhile_waits_for_it()
    {
        await room.MakeAsync("mortal");
        await room.DeployAsync("mortal");
        var container = (await room.OkAsync("GET", "/api/v1/apps/mortal"))!["containers"]![0]!["name"]!.GetValue<string>();
        Tool.Run("kill", "-KILL", (await room.Daemon.Api.InspectContainerAsync(container)).State.Pid.ToString(CultureInfo.InvariantCulture));
        Assert.Equal("first\n", await room.GetAsync("mortal.localhost"));
    }

    private async Task ServesAsync()
    {
        await Wait.UntilAsync("the proxy serves", async () => await room.TryGetAsync("routed.localhost") == "first\n", 30);
        Assert.DoesNotContain("No application", await room.GetAsync("second.localhost", "/x/y"), StringComparison.Ordinal);
        Assert.StartsWith("No application", await room.GetAsync("second.localhost", "/y"), StringComparison.Ordinal);
    }

    private async Task KillProxyAsync()
    {
        var proxy = await room.Daemon.Api.InspectContainerAsync(await ProxyAsync());
        Tool.Run("kill", "-KILL", proxy.State.Pid.ToString(CultureInfo.InvariantCulture));
        await Wait.UntilAsync("the proxy has ended and runs again", async () => await room.Daemon.Api.InspectContainerAsync(proxy.Id) is { State.Running: true } now && now.State.Pid != proxy.State.Pid, 20);
    }

    private async Task<string> InProxyAsync(params string[] command) =>
        Tool.Run(Path.Combine(PlatformRoom.Out, "slipway"), ["-H", "unix://" + room.Daemon.Socket, "exec", await ProxyAsync(), .. command]);

    private async Task<string> ProxyAsync() => (await room.Daemon.Api.ListContainersAsync(all: true)).Single(container => container.Labels.ContainsKey("slipway.proxy")).Id;
}
