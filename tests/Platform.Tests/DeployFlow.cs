using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>From source to running, on a real engine with the real proxy. Each engine that is to do it has a class of its own.</summary>
public abstract class DeployFlow(PlatformRoom room)
{
    private const string Site = PlatformRoom.Site;

    [Fact]
    public async Task An_image_serves_and_a_bad_release_leaves_it_serving_and_going_back_takes_seconds()
    {
        if (!room.IsThere)
        {
            return;
        }

        await room.MakeAsync("one");
        await room.DeployAsync("one");
        Assert.Equal("first\n", await room.GetAsync("one.localhost"));
        Assert.StartsWith("No application", await room.GetAsync("nobody.localhost"), StringComparison.Ordinal);
        Assert.Contains("Nothing has changed", await room.DeployAsync("one"), StringComparison.Ordinal);

        await room.OkAsync("PATCH", "/api/v1/apps/one", """{"run":{"port":8080,"command":["sh","-c","echo cannot go on; exit 3"],"health":{"deadlineSeconds":5}}}""");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/one/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("exit code 3", log, StringComparison.Ordinal);
        Assert.Contains("  cannot go on", log, StringComparison.Ordinal);
        Assert.Equal("first\n", await room.GetAsync("one.localhost"));

        await room.OkAsync("PUT", "/api/v1/apps/one/env/WORD", """{"value":"second"}""");
        await room.OkAsync("PATCH", "/api/v1/apps/one", $$$"""{"run":{"port":8080,"command":{{{Site}}}}}""");
        await room.DeployAsync("one");
        Assert.Equal("second\n", await room.GetAsync("one.localhost"));
        await room.DeployAsync("one", "rollback");
        Assert.Equal("first\n", await room.GetAsync("one.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/one");
        Assert.StartsWith("No application", await room.GetAsync("one.localhost"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_deploys_and_the_one_who_pushes_reads_along()
    {
        if (!room.IsThere)
        {
            return;
        }

        await room.OkAsync("POST", "/api/v1/apps", """{"name":"pushed","source":{"kind":"push"},"build":{"pack":"dockerfile"}}""");
        var work = Directory.CreateDirectory(Path.Combine(room.Root, "work")).FullName;
        await File.WriteAllTextAsync(Path.Combine(work, "Dockerfile"), "FROM busybox\nCOPY . /w\nEXPOSE 8080\nCMD [\"httpd\",\"-f\",\"-p\",\"8080\",\"-h\",\"/w\"]\n");
        await File.WriteAllTextAsync(Path.Combine(work, "index.html"), "pushed\n");
        string[] git = ["-C", work, "-c", "user.name=t", "-c", "user.email=t@t"];
        Tool.Run("git", [.. git, "init", "-q", "-b", "main"]);
        Tool.Run("git", [.. git, "add", "-A"]);
        Tool.Run("git", [.. git, "commit", "-q", "-m", "The first"]);
        var remote = room.Address.Replace("http://", $"http://git:{room.Token}@", StringComparison.Ordinal) + "/git/pushed.git";
        var (code, _, said) = Tool.Try("git", [.. git, "push", remote, "main"]);
        Assert.True(code == 0, said);
        Assert.Contains("remote: pushed serves at http://pushed.localhost", said, StringComparison.Ordinal);
        Assert.Equal("pushed\n", await room.GetAsync("pushed.localhost"));
        Assert.NotEqual(0, Tool.Try("git", [.. git, "push", room.Address.Replace("http://", "http://git:wrong@", StringComparison.Ordinal) + "/git/pushed.git", "main"]).Code);
    }

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_leaves_the_old_release_and_goes_on()
    {
        if (!room.IsThere)
        {
            return;
        }

        await room.MakeAsync("kept");
        await room.DeployAsync("kept");
        await room.OkAsync("PATCH", "/api/v1/apps/kept", """{"run":{"port":8080,"command":["sh","-c","sleep 600"],"health":{"kind":"port","deadlineSeconds":600}}}""");
        var deployment = await room.OkAsync("POST", "/api/v1/apps/kept/deploy", "{}");
        await Wait.UntilAsync("the new container runs", async () => (await room.OkAsync("GET", $"/api/v1/deployments/{deployment!["id"]}/log"))!.GetValue<string>().Contains("Waiting until", StringComparison.Ordinal), 30);
        await room.KillAsync();
        Assert.Equal("first\n", await room.GetAsync("kept.localhost"));
        await room.StartAsync();
        var (state, _) = await room.EndAsync(deployment);
        Assert.Equal("failed", state);
        Assert.Equal("first\n", await room.GetAsync("kept.localhost"));
        var containers = await room.Engine.ListContainersAsync(all: true);
        Assert.Single(containers, container => container.Labels.GetValueOrDefault("slipway.app.name") == "kept");
        await room.OkAsync("PATCH", "/api/v1/apps/kept", $$$"""{"run":{"port":8080,"command":{{{Site}}}}}""");
        await room.OkAsync("PUT", "/api/v1/apps/kept/env/WORD", """{"value":"after"}""");
        await room.DeployAsync("kept");
        Assert.Equal("after\n", await room.GetAsync("kept.localhost"));
    }

    [Fact]
    public async Task A_release_that_is_cancelled_while_it_waits_leaves_nothing()
    {
        if (!room.IsThere)
        {
            return;
        }

        await room.MakeAsync("given-up");
        await room.DeployAsync("given-up");
        await room.OkAsync("PATCH", "/api/v1/apps/given-up", """{"run":{"port":8080,"replicas":2,"command":["sh","-c","sleep 600"],"health":{"kind":"port","deadlineSeconds":600}}}""");
        var deployment = (await room.OkAsync("POST", "/api/v1/apps/given-up/deploy", "{}"))!;
        await Wait.UntilAsync("the new containers run", async () => (await room.OkAsync("GET", $"/api/v1/deployments/{deployment["id"]}/log"))!.GetValue<string>().Contains("Waiting until given-up-2-2", StringComparison.Ordinal), 30);
        await room.OkAsync("POST", $"/api/v1/deployments/{deployment["id"]}/cancel", "{}");
        Assert.Equal("cancelled", (await room.EndAsync(deployment)).State);
        Assert.Equal("first\n", await room.GetAsync("given-up.localhost"));
        Assert.Single(await room.Engine.ListContainersAsync(all: true), container => container.Labels.GetValueOrDefault("slipway.app.name") == "given-up");
    }

    [Fact]
    public async Task Deployments_at_once_queue_and_requests_go_on()
    {
        if (!room.IsThere)
        {
            return;
        }

        await room.MakeAsync("busy");
        await room.DeployAsync("busy");
        using var stop = new CancellationTokenSource();
        var failures = 0;
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                failures += await room.GetAsync("busy.localhost") is "first\n" or "x\n" ? 0 : 1;
            }
        });
        await room.OkAsync("PUT", "/api/v1/apps/busy/env/WORD", """{"value":"x"}""");
        var deployments = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => room.OkAsync("POST", "/api/v1/apps/busy/redeploy", "{}")));
        var ends = await Task.WhenAll(deployments.Select(room.EndAsync));
        await stop.CancelAsync();
        await load;
        Assert.All(ends, end => Assert.True(end.State is "succeeded" or "superseded", end.Log));
        Assert.Equal("x\n", await room.GetAsync("busy.localhost"));
        Assert.Equal(0, failures);
    }

    [Fact]
    public async Task An_application_that_is_built_with_variables_runs_twice_beside_its_worker_is_changed_and_goes_back()
    {
        if (!room.IsThere)
        {
            return;
        }

        const string dockerfile = "FROM busybox\nARG WORD\nRUN mkdir /w && echo $WORD >/w/index.html\nLABEL slipway.processes=\"{\\\"worker\\\":[\\\"sh\\\",\\\"-c\\\",\\\"echo at work; exec sleep 1000\\\"]}\"\nEXPOSE 8080\nCMD [\"sh\",\"-c\",\"cp -r /w /v; exec httpd -f -p 8080 -h /v\"]\n";
        await room.OkAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = "built", ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = dockerfile }, ["run"] = new JsonObject { ["replicas"] = 2, ["stopGraceSeconds"] = 1 } }.ToJsonString());
        foreach (var word in (string[])["first", "second"])
        {
            await room.OkAsync("PUT", "/api/v1/apps/built/env/WORD", $$"""{"value":"{{word}}","build":true}""");
            await room.DeployAsync("built");
            Assert.Equal(word + "\n", await room.GetAsync("built.localhost"));
            Assert.Contains("Nothing has changed", await room.DeployAsync("built"), StringComparison.Ordinal);
        }

        await room.DeployAsync("built", "rollback");
        Assert.Equal("first\n", await room.GetAsync("built.localhost"));
        Assert.Equal("at work\n", (await room.OkAsync("GET", "/api/v1/apps/built/logs?process=worker"))!.GetValue<string>());
        Assert.Equal(3, (await room.Engine.ListContainersAsync()).Count(container => container.Labels.GetValueOrDefault("slipway.app.name") == "built"));
        using (var exec = room.App("exec", "-i", "built", "sh", "-c", "cat; echo aside >&2; exit 3"))
        {
            await exec.WriteAsync("said\n");
            var end = await exec.EndAsync();
            Assert.Equal((3, "said\n", "aside\n"), (end.Code, end.Output, end.Error));
        }

        await room.OkAsync("DELETE", "/api/v1/apps/built");
        Assert.DoesNotContain(await room.Engine.ListContainersAsync(all: true), container => container.Labels.GetValueOrDefault("slipway.app.name") == "built");
    }
}
