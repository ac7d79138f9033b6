using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Builds: one after the other where that is said, within limits, ended without traces, and on a server of their own.</summary>
[Collection(PlatformTests.Name)]
public sealed class BuildTests(PlatformRoom room)
{
    private const string Serve = "CMD [\"sh\",\"-c\",\"exec httpd -f -p 8080 -h /w\"]\n";

    [Fact]
    public async Task Builds_wait_for_their_turn_and_cancelled_ones_leave_nothing()
    {
        await ServerAsync(("concurrentBuilds", 1));
        foreach (var name in (string[])["slow", "waits"])
        {
            await MakeAsync(name, $"FROM busybox\nRUN echo {name} && sleep 600\n");
        }

        var slow = (await room.OkAsync("POST", "/api/v1/apps/slow/deploy", "{}"))!;
        await SaysAsync(slow, "RUN echo slow");
        var waits = (await room.OkAsync("POST", "/api/v1/apps/waits/deploy", "{}"))!;
        await SaysAsync(waits, "Waiting for server local");
        var queued = (await room.OkAsync("POST", "/api/v1/apps/slow/deploy", "{}"))!;
        foreach (var deployment in (JsonNode[])[queued, waits, slow])
        {
            await room.OkAsync("POST", $"/api/v1/deployments/{deployment["id"]}/cancel", "{}");
            Assert.Equal("cancelled", (await room.EndAsync(deployment)).State);
        }

        Assert.Equal(HttpStatusCode.Conflict, (await room.CallAsync("POST", $"/api/v1/deployments/{slow["id"]}/cancel", "{}")).Status);
        await Wait.UntilAsync("nothing of the build runs", () => !Tool.Run("ps", "-eo", "args").Split('\n').Contains("sleep 600"));
        Assert.DoesNotContain(await room.Daemon.Api.ListContainersAsync(all: true), container => container.Labels.GetValueOrDefault("slipway.app.name") is "slow" or "waits");
        Assert.DoesNotContain(await room.Daemon.Api.ListImagesAsync(), image => (image.RepoTags ?? []).Any(tag => tag.StartsWith("slipway/slow:", StringComparison.Ordinal) || tag.StartsWith("slipway/waits:", StringComparison.Ordinal)));
        await ServerAsync();
    }

    [Fact]
    public async Task A_build_gets_the_memory_and_the_time_of_its_server_and_no_more()
    {
        await ServerAsync(("buildMemory", 64 << 20), ("buildCpus", 0.5), ("buildTimeoutSeconds", 8));
        await MakeAsync("bounded", "FROM busybox\nRUN cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; true\nRUN sleep 601\n");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/bounded/deploy", "{}"));
        await ServerAsync();
        Assert.Equal("failed", state);
        Assert.Contains("67108864", log, StringComparison.Ordinal);
        Assert.Contains("50000", log, StringComparison.Ordinal);
        Assert.Contains("the build took longer than 8 s", log, StringComparison.Ordinal);
        await Wait.UntilAsync("nothing of the build runs", () => !Tool.Run("ps", "-eo", "args").Split('\n').Contains("sleep 601"));
    }

    [Fact]
    public async Task Old_images_go_but_never_one_that_can_be_rolled_back_to()
    {
        await ServerAsync(("keepReleases", 1));
        await MakeAsync("aged", "");
        for (var release = 1; release <= 3; release++)
        {
            await SourceAsync("aged", $"FROM busybox\nRUN mkdir /w && echo {release} >/w/index.html\nEXPOSE 8080\n{Serve}");
            await room.DeployAsync("aged");
        }

        // Old ones go when the deployment has ended.
        await Wait.UntilAsync("the oldest is gone", async () => (await ReleasesAsync("aged")).SequenceEqual([(3, true, false), (2, false, true), (1, false, false)]) && await ImagesAsync("aged") == 2);
        Assert.Equal(HttpStatusCode.NotFound, (await room.CallAsync("POST", "/api/v1/apps/aged/rollback", """{"release":1}""")).Status);
        await room.DeployAsync("aged", "rollback");
        Assert.Equal("2\n", await room.GetAsync("aged.localhost"));
        await room.DeployAsync("aged", "rollback", """{"release":3}""");
        Assert.Equal("3\n", await room.GetAsync("aged.localhost"));
        await Wait.UntilAsync("the images that are kept are there", async () => await ImagesAsync("aged") == 2);
        await room.OkAsync("DELETE", "/api/v1/apps/aged");
        Assert.Equal(0, await ImagesAsync("aged"));
        await ServerAsync();
    }

    [Fact]
    public async Task A_build_server_over_tls_builds_and_its_image_runs_here()
    {
        var keys = Directory.CreateDirectory(Path.Combine(room.Root, "keys")).FullName;
        Certificates(keys);
        var (api, registry) = (PlatformRoom.FreePort(), PlatformRoom.FreePort());
        var builder = room.AnotherDaemon("b", "-H", $"tcp://127.0.0.1:{api}", "--tlsverify", "--tlscacert", keys + "/ca.pem", "--tlscert", keys + "/cert.pem", "--tlskey", keys + "/key.pem", "--registry-listen", $"127.0.0.1:{registry}");
        await builder.StartAsync();
        await builder.LoadAsync(BusyboxImage.Archive());
        await room.OkAsync("POST", "/api/v1/servers", $$$"""{"id":"","name":"builder","address":"tcp://127.0.0.1:{{{api}}}","tlsDirectory":"{{{keys}}}","buildServer":true}""");
        var check = (await room.OkAsync("POST", "/api/v1/servers/builder/check", "{}"))!;
        Assert.True(check["reachable"]!.GetValue<bool>(), check.ToJsonString());
        await room.OkAsync("POST", "/api/v1/servers", $$$"""{"id":"","name":"stranger","address":"tcp://127.0.0.1:{{{api}}}"}""");
        Assert.False((await room.OkAsync("POST", "/api/v1/servers/stranger/check", "{}"))!["reachable"]!.GetValue<bool>());
        await room.OkAsync("DELETE", "/api/v1/servers/stranger");

        await ServerAsync(("registry", $"127.0.0.1:{registry}/apps"));
        await MakeAsync("moved", $"FROM busybox\nRUN mkdir /w && echo from afar >/w/index.html\nEXPOSE 8080\n{Serve}");
        var log = await room.DeployAsync("moved");
        Assert.Contains("on server builder", log, StringComparison.Ordinal);
        Assert.Equal("from afar\n", await room.GetAsync("moved.localhost"));
        Assert.Contains(await builder.Api.ListImagesAsync(), image => (image.RepoTags ?? []).Any(tag => tag.Contains("/apps/moved:", StringComparison.Ordinal)));
        await room.OkAsync("DELETE", "/api/v1/apps/moved");
        await ServerAsync();
        await room.OkAsync("DELETE", "/api/v1/servers/builder");
    }

    [Fact]
    public async Task A_build_server_pushes_with_a_login_and_the_image_is_pulled_with_it()
    {
        var (port, users) = (PlatformRoom.FreePort(), Path.Combine(room.Root, "users"));
        await File.WriteAllTextAsync(users, Tool.Run("htpasswd", "-Bbn", "joe", "s3cret word"));
        var registry = room.AnotherDaemon("r", "--registry-listen", $"127.0.0.1:{port}", "--registry-htpasswd", users);
        var builder = room.AnotherDaemon("c");
        await registry.StartAsync();
        await builder.StartAsync();
        await builder.LoadAsync(BusyboxImage.Archive());
        await room.OkAsync("POST", "/api/v1/servers", $$"""{"id":"","name":"maker","address":"unix://{{builder.Socket}}","buildServer":true}""");
        await ServerAsync(("registry", $"127.0.0.1:{port}/joe"));
        await MakeAsync("locked", $"FROM busybox\nRUN mkdir /w && echo behind a login >/w/index.html\nEXPOSE 8080\n{Serve}");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/locked/deploy", "{}"));
        Assert.True(state == "failed" && log.Contains("the image cannot be moved", StringComparison.Ordinal), log);
        await room.OkAsync("PUT", "/api/v1/servers/local/registry", """{"user":"joe","password":"s3cret word"}""");
        Assert.Equal("joe", (await LocalAsync())["registryUser"]!.GetValue<string>());
        Assert.Null((await LocalAsync())["sealedRegistryPassword"]);
        log = await room.DeployAsync("locked");
        Assert.Contains("on server maker", log, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", log, StringComparison.Ordinal);
        Assert.Equal("behind a login\n", await room.GetAsync("locked.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/locked");

        // Another registry does not get the login.
        await ServerAsync(("registry", "registry.example.com/joe"));
        Assert.Null((await LocalAsync())["registryUser"]);
        await ServerAsync();
        await room.OkAsync("DELETE", "/api/v1/servers/maker");
    }

    private static void Certificates(string directory)
    {
        Tool.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=authority", "-keyout", $"{directory}/ca.key", "-out", $"{directory}/ca.pem");
        Tool.Run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=engine", "-keyout", $"{directory}/key.pem", "-out", $"{directory}/cert.csr");
        File.WriteAllText(directory + "/names", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
        Tool.Run("openssl", "x509", "-req", "-days", "1", "-in", $"{directory}/cert.csr", "-CA", $"{directory}/ca.pem", "-CAkey", $"{directory}/ca.key", "-CAcreateserial", "-extfile", directory + "/names", "-out", $"{directory}/cert.pem");
    }

    private Task MakeAsync(string name, string dockerfile) =>
        room.OkAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = name, ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = dockerfile } }.ToJsonString());

    private Task SourceAsync(string name, string dockerfile) =>
        room.OkAsync("PATCH", "/api/v1/apps/" + name, new JsonObject { ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = dockerfile } }.ToJsonString());

    private async Task<JsonObject> LocalAsync() => (await room.OkAsync("GET", "/api/v1/servers"))!.AsArray().Single(server => server!["name"]!.GetValue<string>() == "local")!.AsObject();

    // The first server as it was, but for these settings.
    private async Task ServerAsync(params (string Name, JsonNode Value)[] settings)
    {
        var server = await LocalAsync();
        JsonObject wanted = [];
        foreach (var name in (string[])["id", "name", "address", "httpPort", "httpsPort"])
        {
            wanted[name] = server[name]!.DeepClone();
        }

        foreach (var (name, value) in settings)
        {
            wanted[name] = value;
        }

        await room.OkAsync("PUT", "/api/v1/servers/local", wanted.ToJsonString());
    }

    private Task SaysAsync(JsonNode deployment, string text) =>
        Wait.UntilAsync($"the log says {text}", async () => (await room.OkAsync("GET", $"/api/v1/deployments/{deployment["id"]}/log"))!.GetValue<string>().Contains(text, StringComparison.Ordinal), 30);

    private async Task<int> ImagesAsync(string app) =>
        (await room.Daemon.Api.ListImagesAsync()).Sum(image => (image.RepoTags ?? []).Count(tag => tag.StartsWith($"slipway/{app}:", StringComparison.Ordinal)));

    private async Task<IReadOnlyList<(int Number, bool Serves, bool CanRollBack)>> ReleasesAsync(string app) =>
        [.. (await room.OkAsync("GET", $"/api/v1/apps/{app}/releases"))!.AsArray().Select(release =>
            (int.Parse(release!["number"]!.ToString(), CultureInfo.InvariantCulture), release["serves"]!.GetValue<bool>(), release["canRollBack"]!.GetValue<bool>()))];
}
