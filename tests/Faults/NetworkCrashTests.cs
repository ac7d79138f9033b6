using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 5, 7 and 10, where networks are concerned: the daemon, or the machine, ends at any moment.</summary>
public sealed class NetworkCrashTests
{
    [Fact]
    public async Task Check5_AKillDuringStartAndConnectLeavesNoLinkBehind()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await CreateNetworkAsync(daemon, "one");
        await CreateNetworkAsync(daemon, "two");
        var port = FreePort();
        for (var round = 0; round < Scratch.Rounds(5); round++)
        {
            var name = "c" + round.ToString(CultureInfo.InvariantCulture);
            var work = WorkAsync(daemon.Api, name, port);
            await Wait.PauseAsync(10 + Random.Shared.Next(120));
            await daemon.CrashAndStartAsync();
            await work;

            await Wait.UntilAsync("every cable belongs to an endpoint", async () => Cables(daemon).SetEquals(await EndpointsAsync(daemon)));
            if (!await daemon.ExistsAsync(name))
            {
                await CreateAsync(daemon.Api, name, port);
            }

            await StartAsync(daemon, name);
            await TryAsync(() => ConnectAsync(daemon.Api, name));
            Assert.Equal(0, (await daemon.ExecAsync(name, "ping -c 1 -W 2 $(ip route | grep default | cut -d' ' -f3)")).Code);
            await daemon.RemoveAsync(name);
            await Wait.UntilAsync("its cables are gone", () => Cables(daemon).Count == 0);
        }

        await daemon.CallAsync("DELETE", "/networks/one");
        await daemon.CallAsync("DELETE", "/networks/two");
        await daemon.StopAsync();
        Assert.Empty(HostLeftovers.LinksOf(daemon.ExecRoot));
        Assert.False(HostLeftovers.HasTable(daemon.ExecRoot));
    }

    [Fact]
    public async Task Check7_AfterARestartOfTheMachineContainersAndPortsComeBack()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await CreateNetworkAsync(daemon, "one");
        var ports = Enumerable.Range(0, 8).Select(_ => FreePort()).Distinct().ToList();
        foreach (var port in ports)
        {
            await CreateAsync(daemon.Api, $"p{port}", port, ",\"RestartPolicy\":{\"Name\":\"always\"}");
            await StartAsync(daemon, $"p{port}");
        }

        // What a power cut leaves: the rows, and nothing that runs or is linked.
        await daemon.KillAsync();
        await Wait.UntilAsync("nothing runs", () => Scratch.KillAll(daemon.CgroupParent, daemon.ExecRoot) == 0);
        HostLeftovers.Remove(daemon.ExecRoot);
        await daemon.StartAsync();
        foreach (var port in ports)
        {
            await daemon.StatusAsync($"p{port}", "running");
            await Wait.UntilAsync($"port {port} answers", () => Answers(port));
        }

        Assert.Equal(ports.Count, (await EndpointsAsync(daemon)).Count);
        var refused = await daemon.RefusedAsync("DELETE", "/networks/one");
        Assert.Contains("has active endpoints", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check7_AfterARestartOfTheMachineContainersWaitForThoseTheyNeed()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        const string always = "\"RestartPolicy\":{\"Name\":\"always\"}";
        string[] needs = ["", .. Enumerable.Repeat(",\"NetworkMode\":\"container:c0\"", 4), .. Enumerable.Repeat(",\"Links\":[\"c0:other\"]", 4), ",\"PidMode\":\"container:c3\",\"NetworkMode\":\"none\""];
        foreach (var (number, need) in needs.Index())
        {
            await daemon.CallAsync("POST", $"/containers/create?name=c{number}", "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"HostConfig\":{" + always + need + "}}");
            await StartAsync(daemon, $"c{number}");
        }

        await daemon.KillAsync();
        await Wait.UntilAsync("nothing runs", () => Scratch.KillAll(daemon.CgroupParent, daemon.ExecRoot) == 0);
        HostLeftovers.Remove(daemon.ExecRoot);
        await daemon.StartAsync();
        foreach (var number in Enumerable.Range(0, needs.Length))
        {
            await daemon.StatusAsync($"c{number}", "running");
        }
    }

    [Fact]
    public async Task Check10_SigtermLeavesConnectedContainersRunningAndReachable()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await CreateNetworkAsync(daemon, "one");
        var port = FreePort();
        await CreateAsync(daemon.Api, "web", port);
        await StartAsync(daemon, "web");
        await Wait.UntilAsync("the port answers", () => Answers(port));
        await daemon.StopAsync();
        Assert.True(Answers(port));
        await daemon.StartAsync();
        Assert.True(Answers(port));
        await daemon.StatusAsync("web", "running");
    }

    private static Task WorkAsync(EngineClient api, string name, int port) =>
        TryAsync(async () =>
        {
            await CreateAsync(api, name, port);
            await PostAsync(api, $"/containers/{name}/start");
            await ConnectAsync(api, name);
            await PostAsync(api, "/networks/two/disconnect", $$"""{"Container":"{{name}}"}""");
        });

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException or SocketException or ObjectDisposedException)
        {
            // The daemon was killed meanwhile, or it had been done before.
        }
    }

    private static async Task StartAsync(PrivateDaemon daemon, string name)
    {
        if ((string?)(await daemon.StateAsync(name))["Status"] != "running")
        {
            await daemon.CallAsync("POST", $"/containers/{name}/start");
        }
    }

    private static Task CreateNetworkAsync(PrivateDaemon daemon, string name) => daemon.CallAsync("POST", "/networks/create", $$"""{"Name":"{{name}}"}""");

    private static Task CreateAsync(EngineClient api, string name, int port, string host = "") =>
        PostAsync(api, "/containers/create?name=" + name, $$$"""{"Image":"busybox","Cmd":["httpd","-f","-h","/"],"HostConfig":{"NetworkMode":"one","PortBindings":{"80/tcp":[{"HostPort":"{{{port}}}"}]}{{{host}}} } }""");

    private static Task ConnectAsync(EngineClient api, string name) => PostAsync(api, "/networks/two/connect", $$"""{"Container":"{{name}}"}""");

    private static async Task PostAsync(EngineClient api, string path, string json = "")
    {
        await using var response = await api.RequestAsync("POST", path, Encoding.UTF8.GetBytes(json));
        await response.Body.CopyToAsync(Stream.Null);
    }

    private static HashSet<string> Cables(PrivateDaemon daemon) =>
        [.. HostLeftovers.LinksOf(daemon.ExecRoot).Where(link => Directory.Exists($"/sys/class/net/{link}/brif")).SelectMany(link => Directory.GetFileSystemEntries($"/sys/class/net/{link}/brif")).Select(path => Path.GetFileName(path))];

    private static async Task<HashSet<string>> EndpointsAsync(PrivateDaemon daemon)
    {
        var cables = new HashSet<string>();
        foreach (var container in await daemon.ListAsync())
        {
            foreach (var (_, endpoint) in (JsonObject)(await daemon.InspectAsync((string)container!["Id"]!))["NetworkSettings"]!["Networks"]!)
            {
                if ((string?)endpoint!["EndpointID"] is { Length: > 7 } id)
                {
                    cables.Add("veth" + id[..7]);
                }
            }
        }

        return cables;
    }

    private static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient();
            return client.ConnectAsync(IPAddress.Loopback, port).Wait(TimeSpan.FromSeconds(2));
        }
        catch (AggregateException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Any, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
