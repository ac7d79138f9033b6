using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>What containers of applications get and keep.</summary>
[Collection(PlatformTests.Name)]
public sealed class RunTests(PlatformRoom room)
{
    [Fact]
    public async Task Variables_arrive_byte_for_byte_and_secrets_are_shown_nowhere()
    {
        await room.MakeAsync("vars");
        const string exact = "a$b\"c'd\\e `x` {{project.K}} $(id)\n";
        const string pem = "-----BEGIN-----\nline one\n\tline two\n-----END-----\n";
        await SetAsync("vars", "EXACT", exact, literal: true);
        await SetAsync("vars", "PEM", pem);
        await SetAsync("vars", "Y", "5");
        await SetAsync("vars", "X", "${Y}-1 $$ {{project.K}} {{environment.L}}");
        await SetAsync("vars", "TOKEN", "very-secret-value", secret: true);
        await room.OkAsync("PUT", "/api/v1/projects/default/env/K", """{"value":"shared"}""");
        await room.OkAsync("PUT", "/api/v1/projects/default/environments/production/env/L", """{"value":"too"}""");
        await room.DeployAsync("vars");
        Assert.Equal(exact, await ExecAsync("vars", "sh", "-c", "printf %s \"$EXACT\""));
        Assert.Equal(pem, await ExecAsync("vars", "sh", "-c", "printf %s \"$PEM\""));
        Assert.Equal("5-1 $ shared too", await ExecAsync("vars", "sh", "-c", "printf %s \"$X\""));
        Assert.Equal("very-secret-value", await ExecAsync("vars", "sh", "-c", "printf %s \"$TOKEN\""));
        Assert.Equal("8080", await ExecAsync("vars", "sh", "-c", "printf %s \"$PORT\""));
        var list = (await room.OkAsync("GET", "/api/v1/apps/vars/env"))!;
        Assert.Equal(exact, list.AsArray().Single(variable => variable!["key"]!.GetValue<string>() == "EXACT")!["value"]!.GetValue<string>());
        Assert.DoesNotContain("very-secret-value", list.ToJsonString(), StringComparison.Ordinal);
        await room.OkAsync("PATCH", "/api/v1/apps/vars", $$$"""{"run":{"port":8080,"command":{{{PlatformRoom.Site}}},"preDeploy":["sh","-c","echo saying $TOKEN; exit 7"]}}""");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/vars/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("saying ***", log, StringComparison.Ordinal);
        Assert.Contains("exit code 7", log, StringComparison.Ordinal);
        Assert.Equal("first\n", await room.GetAsync("vars.localhost"));
        Assert.Equal((1, ""), Tool.Try("grep", "-rlaF", "very-secret-value", Path.Combine(room.Root, "platform")) is var (code, files, _) ? (code, files) : default);
    }

    [Fact]
    public async Task A_pasted_Dockerfile_is_built_with_variables_byte_for_byte_and_serves()
    {
        const string exact = "a$b ${c} \"d\" 'e' \\f\\n `g` $(id) {{project.K}} # h\ttab\r\n  zwei Zeilen: äöü € 🚢 \n\nlast";
        var long_ = string.Concat(Enumerable.Range(0, 400).Select(line => $"line {line} of a long text\n"));
        const string dockerfile = "FROM busybox\nARG EXACT\nARG LONG\nARG REFERRED\nRUN mkdir /w && printf %s \"$EXACT\" >/w/exact && printf %s \"$LONG\" >/w/long && printf %s \"$REFERRED\" >/w/referred\nEXPOSE 8080\nCMD [\"httpd\",\"-f\",\"-p\",\"8080\",\"-h\",\"/w\"]\n";
        await room.OkAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = "pasted", ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = dockerfile }, ["run"] = new JsonObject { ["stopGraceSeconds"] = 1 } }.ToJsonString());
        foreach (var (key, value, literal) in ((string, string, bool)[])[("EXACT", exact, true), ("LONG", long_, true), ("REFERRED", "<$SHORT>", false), ("SHORT", "ü", true)])
        {
            await room.OkAsync("PUT", "/api/v1/apps/pasted/env/" + key, new JsonObject { ["value"] = value, ["literal"] = literal, ["build"] = true, ["run"] = false }.ToJsonString());
        }

        await room.DeployAsync("pasted");
        Assert.Equal(exact, await room.GetAsync("pasted.localhost", "/exact"));
        Assert.Equal(long_, await room.GetAsync("pasted.localhost", "/long"));
        Assert.Equal("<ü>", await room.GetAsync("pasted.localhost", "/referred"));
        Assert.Equal("", await ExecAsync("pasted", "sh", "-c", "printf %s \"$EXACT\""));
        await room.OkAsync("PATCH", "/api/v1/apps/pasted", new JsonObject { ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = "FROM busybox\nRUN echo no >&2; exit 9\n" } }.ToJsonString());
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/pasted/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("the build failed at \"RUN echo no >&2; exit 9\"", log, StringComparison.Ordinal);
        Assert.Equal("<ü>", await room.GetAsync("pasted.localhost", "/referred"));
    }

    [Fact]
    public async Task Replicas_limits_volumes_and_commands_around_a_deployment_are_as_set()
    {
        await room.MakeAsync("full");
        await room.OkAsync("PATCH", "/api/v1/apps/full", $$$"""
            {"run":{"port":8080,"command":{{{PlatformRoom.Site}}},"replicas":2,"memory":67108864,"cpus":0.5,"volumes":["data:/data","data:/seen:ro"],"preDeploy":["sh","-c","date +%s%N >>/data/runs"],
            "postDeploy":["sh","-c","echo after; exit 3"],"stopGraceSeconds":1}}
            """);
        var log = await room.DeployAsync("full");
        Assert.Contains("after", log, StringComparison.Ordinal);
        Assert.Contains("Warning: it ended with exit code 3", log, StringComparison.Ordinal);
        var containers = await ContainersAsync("full");
        Assert.Equal(["full-1-1", "full-1-2"], containers);
        var inspect = await room.Daemon.Api.InspectContainerAsync(containers[0]);
        Assert.Equal((67108864L, 500_000_000L), (inspect.HostConfig.Memory, inspect.HostConfig.NanoCpus));

        await room.DeployAsync("full", "scale", """{"replicas":3}""");
        Assert.Equal(3, (await ContainersAsync("full")).Count);
        Assert.Equal(2, (await ExecAsync("full", "cat", "/seen/runs")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        // Each replica takes its turn.
        for (var replica = 1; replica <= 3; replica++)
        {
            await room.OkAsync("POST", "/api/v1/apps/full/exec", $$$"""{"command":["sh","-c","echo {{{replica}}} >/w/index.html"],"replica":{{{replica}}}}""");
        }

        var seen = new HashSet<string>();
        await Wait.UntilAsync("all replicas answer", async () => seen.Add(await room.GetAsync("full.localhost")) && seen.Count == 3);
        await room.OkAsync("DELETE", "/api/v1/apps/full");
        Assert.Single((await room.Daemon.Api.ListVolumesAsync()).Volumes!, volume => volume.Name.EndsWith("-data", StringComparison.Ordinal) && volume.Name.StartsWith("slipway-", StringComparison.Ordinal) && !volume.Name.Contains("proxy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_stopped_beside_the_platform_runs_again_but_not_what_a_user_stopped()
    {
        await room.MakeAsync("revived");
        await room.MakeAsync("resting");
        await room.DeployAsync("revived");
        await room.DeployAsync("resting");
        await room.OkAsync("POST", "/api/v1/apps/resting/stop", "{}");
        await room.KillAsync();
        foreach (var container in await room.Daemon.Api.ListContainersAsync())
        {
            await room.Daemon.Api.StopContainerAsync(container.Id, 1);
        }

        await room.StartAsync();
        await Wait.UntilAsync("it answers again", async () => await room.TryGetAsync("revived.localhost") == "first\n", 30);
        Assert.Equal("This application is stopped.\n", await room.GetAsync("resting.localhost"));
        Assert.Equal("stopped", (await room.OkAsync("GET", "/api/v1/apps/resting"))!["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Health_is_found_out_by_request_command_and_port_and_says_what_it_saw()
    {
        await room.MakeAsync("healthy");
        foreach (var (health, said) in ((string, string)[])
            [("""{"kind":"http","path":"/","contains":"first"}""", ""), ("""{"kind":"command","command":["sh","-c","test -f /w/index.html"]}""", ""),
             ("""{"kind":"http","path":"/nothing","deadlineSeconds":3}""", "GET /nothing answers with status 404"), ("""{"kind":"command","command":["sh","-c","echo not yet; exit 4"],"deadlineSeconds":3}""", "exit code 4: not yet"),
             ("""{"kind":"http","contains":"absent","deadlineSeconds":3}""", "does not contain the text")])
        {
            await room.OkAsync("PATCH", "/api/v1/apps/healthy", $$$"""{"run":{"port":8080,"command":{{{PlatformRoom.Site}}},"health":{{{health}}}}}""");
            var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/healthy/deploy", """{"force":true}"""));
            Assert.True(state == (said.Length == 0 ? "succeeded" : "failed"), log);
            Assert.Contains(said, log, StringComparison.Ordinal);
            Assert.Equal("first\n", await room.GetAsync("healthy.localhost"));
        }

        await room.OkAsync("PATCH", "/api/v1/apps/healthy", """{"run":{"port":9999,"command":["sh","-c","mkdir /w; exec httpd -f -p 8080 -h /w"],"health":{"deadlineSeconds":3}}}""");
        var (wrong, reason) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/healthy/deploy", "{}"));
        Assert.Equal("failed", wrong);
        Assert.Contains("nothing listens on port 9999", reason, StringComparison.Ordinal);
    }

    private Task SetAsync(string app, string key, string value, bool literal = false, bool secret = false) =>
        room.OkAsync("PUT", $"/api/v1/apps/{app}/env/{key}", new JsonObject { ["value"] = value, ["literal"] = literal, ["secret"] = secret }.ToJsonString());

    private async Task<string> ExecAsync(string app, params string[] command) =>
        (await room.OkAsync("POST", $"/api/v1/apps/{app}/exec", new JsonObject { ["command"] = new JsonArray([.. command.Select(word => (JsonNode)word)]) }.ToJsonString()))!["output"]!.GetValue<string>();

    private async Task<IReadOnlyList<string>> ContainersAsync(string app) =>
        [.. (await room.OkAsync("GET", "/api/v1/apps/" + app))!["containers"]!.AsArray().Select(container => container!["name"]!.GetValue<string>())];
}
