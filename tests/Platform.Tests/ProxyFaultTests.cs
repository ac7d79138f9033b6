using System.Globalization;
using System.Net.Sockets;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The proxy and the platform are ended and damaged; routes stay (reliability checks 67 and 68).</summary>
[Collection(PlatformTests.Name)]
public sealed class ProxyFaultTests(PlatformRoom room)
{
    // Answers three seconds after a request.
    private static readonly string s_slow = new System.Text.Json.Nodes.JsonArray("sh", "-c", """
        cat >/tmp/slow <<'END'
        #!/bin/sh
        while IFS= read -r line && [ ${#line} -gt 1 ]; do :; done
        sleep 3
        printf 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nslow\n'
        END
        chmod +x /tmp/slow
        exec socat TCP-LISTEN:8080,fork,reuseaddr EXEC:/tmp/slow
        """).ToJsonString();

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

    [Fact]
    public async Task A_deployment_waits_until_visitors_can_connect_to_a_proxy_that_was_made_anew()
    {
        await room.MakeAsync("early");
        await room.DeployAsync("early");
        var volumes = await VolumesAsync();
        var table = string.Create(CultureInfo.InvariantCulture, $"slipway-test-{Environment.ProcessId}");
        Tool.Run("nft", $"table ip {table} {{ chain c {{ type filter hook output priority raw; ip daddr 127.0.0.1 tcp dport {room.HttpPort} tcp flags & (syn | ack) == syn reject with tcp reset; }}; }}");
        try
        {
            await room.Daemon.Api.RemoveContainerAsync(await ProxyAsync(), force: true);
            var deployment = (await room.OkAsync("POST", "/api/v1/apps/early/redeploy", "{}"))!;
            await Wait.UntilAsync("the proxy is there again", async () => (await room.Daemon.Api.ListContainersAsync()).Any(container => container.Labels.ContainsKey("slipway.proxy")), 30);
            await Wait.PauseAsync(2000);
            Assert.NotEqual("succeeded", (await room.OkAsync("GET", $"/api/v1/deployments/{deployment["id"]}"))!["state"]!.GetValue<string>());
            Tool.Run("nft", "delete", "table", "ip", table);
            var (state, log) = await room.EndAsync(deployment);
            Assert.True(state == "succeeded", log);
            Assert.Equal("first\n", await room.GetAsync("early.localhost"));
            Assert.Equal(volumes, await VolumesAsync());
        }
        finally
        {
            Tool.Try("nft", "delete", "table", "ip", table);
        }
    }

    [Fact]
    public async Task A_proxy_that_is_restarted_or_made_anew_answers_first_what_it_was_asked()
    {
        await room.OkAsync("POST", "/api/v1/apps", $$$"""{"name":"slow","source":{"kind":"image","image":"slipway/caddy"},"run":{"port":8080,"command":{{{s_slow}}}}}""");
        await room.DeployAsync("slow");
        await DuringAsync(async () => await room.Daemon.Api.RestartContainerAsync(await ProxyAsync()));
        await Wait.UntilAsync("it serves again", async () => await room.TryGetAsync("slow.localhost") == "slow\n", 30);

        // Another port for HTTPS makes the platform make it anew.
        var server = (await room.OkAsync("GET", "/api/v1/servers"))!.AsArray().Single(server => server!["name"]!.GetValue<string>() == "local")!.AsObject();
        var port = server["httpsPort"]!.GetValue<string>();
        await DuringAsync(async () =>
        {
            server["httpsPort"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PlatformRoom.FreePort()}");
            await room.OkAsync("PUT", "/api/v1/servers/local", server.ToJsonString());
            await room.OkAsync("POST", "/api/v1/servers/local/check", "{}");
        });
        server["httpsPort"] = port;
        await room.OkAsync("PUT", "/api/v1/servers/local", server.ToJsonString());
        await room.OkAsync("POST", "/api/v1/servers/local/check", "{}");
        Assert.Equal("slow\n", await room.GetAsync("slow.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/slow");
    }

    [Fact]
    public async Task One_engine_under_two_addresses_is_refused_since_it_has_one_proxy()
    {
        await room.MakeAsync("at-home");
        await room.DeployAsync("at-home");
        var other = Path.Combine(room.Root, "other.sock");
        var (late, twin) = (Twin("late", other + "-late"), Twin("twin", other));
        File.CreateSymbolicLink(other, room.Daemon.Socket);
        var (status, problem) = await room.CallAsync("POST", "/api/v1/servers", twin);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, status);
        Assert.Contains("that is the engine of server local (unix://", problem!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await room.OkAsync("POST", "/api/v1/servers", twin.Replace("}", ",\"buildServer\":true}", StringComparison.Ordinal));
        Assert.Equal(System.Net.HttpStatusCode.Conflict, (await room.CallAsync("PUT", "/api/v1/servers/twin", twin)).Status);
        await room.OkAsync("DELETE", "/api/v1/servers/twin");

        // Nobody answers when this one is added.
        await room.OkAsync("POST", "/api/v1/servers", late);
        File.CreateSymbolicLink(other + "-late", room.Daemon.Socket);
        await room.OkAsync("POST", "/api/v1/apps", """{"name":"astray","server":"late","source":{"kind":"image","image":"busybox"}}""");
        var check = (await room.OkAsync("POST", "/api/v1/servers/late/check", "{}"))!;
        Assert.Contains("server late is the engine of server local under another address", check["problem"]!.GetValue<string>(), StringComparison.Ordinal);
        await room.OkAsync("DELETE", "/api/v1/apps/astray");
        await room.OkAsync("DELETE", "/api/v1/servers/late");
    }

    [Fact]
    public async Task A_server_that_breaks_every_connection_ends_nothing_but_itself()
    {
        var path = Path.Combine(room.Root, "breaks.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        await room.OkAsync("POST", "/api/v1/servers", Twin("breaks", path));
        for (var broken = 0; broken < 4; broken++)
        {
            // What was sent and never read makes this a reset.
            using var connection = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
            Assert.True(connection.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));
        }

        listener.Close();
        await Wait.PauseAsync(500);
        await room.OkAsync("DELETE", "/api/v1/servers/breaks");
    }

    private static string Twin(string name, string socket) => $$"""{"id":"","name":"{{name}}","address":"unix://{{socket}}","httpPort":"8081","httpsPort":"8444"}""";

    // A request that takes three seconds, and what happens meanwhile.
    private async Task DuringAsync(Func<Task> action)
    {
        var answer = room.GetAsync("slow.localhost");
        await Wait.PauseAsync(700);
        await action();
        Assert.Equal("slow\n", await answer);
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

    private async Task<IEnumerable<string>> VolumesAsync() => (await room.Daemon.Api.ListVolumesAsync()).Volumes.Select(volume => volume.Name).Order().ToList();

    private async Task<string> ProxyAsync() => (await room.Daemon.Api.ListContainersAsync(all: true)).Single(container => container.Labels.ContainsKey("slipway.proxy")).Id;
}
