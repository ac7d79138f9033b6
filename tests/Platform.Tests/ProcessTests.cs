using System.Net;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Processes of a release that do not serve: containers of their own, without a route, that come and go with the release.</summary>
[Collection(PlatformTests.Name)]
public sealed class ProcessTests(PlatformRoom room)
{
    private const string Dockerfile = """
        FROM busybox
        LABEL slipway.processes="{\"worker\":[\"sh\",\"-c\",\"[ \$WORD != bad ] || { echo refuses to work; exit 4; }; while :; do echo working \$WORD; sleep 1; done\"],\"not run!\":[\"true\"]}"
        EXPOSE 8080
        CMD ["sh","-c","mkdir /w; echo $WORD >/w/index.html; echo serving $WORD; exec httpd -f -p 8080 -h /w"]
        """;

    [Fact]
    public async Task Workers_run_beside_what_serves_are_scaled_apart_and_go_back_with_it()
    {
        await room.OkAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = "crew", ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = Dockerfile }, ["run"] = new JsonObject { ["stopGraceSeconds"] = 1 } }.ToJsonString());
        await WordAsync("first");
        await room.DeployAsync("crew");
        Assert.Equal(["crew-1-1 running", "crew-1-worker-1 running"], await ContainersAsync());
        Assert.Equal("first\n", await room.GetAsync("crew.localhost"));
        await Wait.UntilAsync("the worker says so", async () => (await LogAsync("worker")).StartsWith("working first\n", StringComparison.Ordinal));
        Assert.DoesNotContain("working", await LogAsync("web"), StringComparison.Ordinal);
        Assert.Contains("crew-1-worker-1 | working first", await LogAsync(null), StringComparison.Ordinal);
        using (var exec = room.App("exec", "--process", "worker", "crew", "hostname"))
        {
            var container = await room.Daemon.Api.InspectContainerAsync("crew-1-worker-1");
            Assert.Equal(container.Id[..12], (await exec.EndAsync()).Output.Trim());
            Assert.Equal("unless-stopped", container.HostConfig.RestartPolicy?.Name);
            Assert.DoesNotContain("crew", container.NetworkSettings.Networks!.Values.SelectMany(network => network?.Aliases ?? []));
        }

        using (var scale = room.App("scale", "crew", "worker=2"))
        {
            Assert.Equal(0, (await scale.EndAsync()).Code);
        }

        Assert.Equal(["crew-2-1 running", "crew-2-worker-1 running", "crew-2-worker-2 running"], await ContainersAsync());
        var (status, problem) = await room.CallAsync("POST", "/api/v1/apps/crew/scale", """{"processes":{"clock":1}}""");
        Assert.Equal((HttpStatusCode.BadRequest, "there is no process \"clock\"; there are: web, worker"), (status, problem!["detail"]!.GetValue<string>()));

        await WordAsync("bad");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/crew/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("process worker ended at once with exit code 4", log, StringComparison.Ordinal);
        Assert.Contains("  refuses to work", log, StringComparison.Ordinal);
        Assert.Equal(["crew-2-1 running", "crew-2-worker-1 running", "crew-2-worker-2 running"], await ContainersAsync());
        Assert.Equal("first\n", await room.GetAsync("crew.localhost"));

        await WordAsync("third");
        await room.DeployAsync("crew", "scale", """{"processes":{"worker":0,"web":2}}""");
        Assert.Equal(["crew-4-1 running", "crew-4-2 running"], await ContainersAsync());
        await room.DeployAsync("crew", "rollback");
        Assert.Equal(["crew-5-1 running", "crew-5-worker-1 running", "crew-5-worker-2 running"], await ContainersAsync());
        Assert.Equal("first\n", await room.GetAsync("crew.localhost"));
        await room.OkAsync("POST", "/api/v1/apps/crew/stop", "{}");
        Assert.All(await ContainersAsync(), container => Assert.EndsWith(" exited", container, StringComparison.Ordinal));
        await room.OkAsync("DELETE", "/api/v1/apps/crew");
        Assert.DoesNotContain(await room.Daemon.Api.ListContainersAsync(all: true), container => container.Labels.GetValueOrDefault("slipway.app.name") == "crew");
    }

    private Task WordAsync(string word) => room.OkAsync("PUT", "/api/v1/apps/crew/env/WORD", $$"""{"value":"{{word}}"}""");

    private async Task<string> LogAsync(string? process) => (await room.OkAsync("GET", "/api/v1/apps/crew/logs" + (process is null ? "" : "?process=" + process)))!.GetValue<string>();

    // What the engine has, and what the platform says that it has.
    private async Task<IReadOnlyList<string>> ContainersAsync()
    {
        var shown = (await room.OkAsync("GET", "/api/v1/apps/crew"))!["containers"]!.AsArray().Select(container => $"{container!["name"]} {container["state"]}").ToList();
        var present = (await room.Daemon.Api.ListContainersAsync(all: true)).Where(container => container.Labels.GetValueOrDefault("slipway.app.name") == "crew").Select(container => $"{container.Names[0].TrimStart('/')} {container.State}");
        Assert.Equal(shown.Order(StringComparer.Ordinal), present.Order(StringComparer.Ordinal));
        return shown;
    }
}
