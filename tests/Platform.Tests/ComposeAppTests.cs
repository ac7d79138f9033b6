using System.Net;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Applications with a Compose file: deployed as a whole, service by service, with their variables, addresses and data.</summary>
[Collection(PlatformTests.Name)]
public sealed class ComposeAppTests(PlatformRoom room)
{
    private const string Web = "FROM busybox\nARG WORD=none\nRUN echo $WORD >/word\nCOPY page /page\n"
        + "CMD [\"sh\",\"-c\",\"mkdir -p /w/cgi-bin; echo $(cat /page) $(cat /word) >/w/index.html; env >/w/env; exec httpd -f -p 8080 -h /w\"]\n";

    private const string Shop = """
        services:
          web:
            init: true
            build: {context: web, args: {WORD: "${WORD:-usual}"}}
            environment:
              - SERVICE_URL_WEB_8080
              - DB_PASS=${SERVICE_PASSWORD_DB}
              - OWN_HOST=${SERVICE_FQDN_WEB}
            depends_on:
              db: {condition: service_healthy}
              migrate: {condition: service_completed_successfully}
          api:
            image: busybox
            init: true
            command: [sh, -c, "mkdir -p /w; echo api $$(cat /site/greeting) >/w/index.html; exec httpd -f -p 9000 -h /w"]
            environment: [SERVICE_FQDN_API_9000]
            volumes: ["./site:/site:ro"]
          db:
            image: busybox
            command: [sh, -c, "echo started >>/data/starts; exec sleep 3600"]
            environment: {POSTGRES_PASSWORD: "${SERVICE_PASSWORD_DB}", USER_NAME: "${SERVICE_USER_DB}", KEY: "${SERVICE_BASE64_64_KEY}"}
            healthcheck: {test: "[ -f /data/starts ]", interval: 1s, retries: 30}
            volumes: ["data:/data"]
            stop_grace_period: 1s
          migrate:
            image: busybox
            command: [sh, -c, "echo migrated as $$SERVICE_USER_DB"]
            environment: [SERVICE_USER_DB]
            depends_on: {db: {condition: service_healthy}}
        volumes:
          data: {name: somebody-elses}
        """;

    [Fact]
    public async Task A_file_is_deployed_as_a_whole_and_what_has_not_changed_is_left_alone()
    {
        await MakeAsync("mall");
        await room.OkAsync("PUT", "/api/v1/apps/mall/env/WORD", """{"value":"chosen"}""");
        var log = await SendAsync("mall", ("compose.yaml", Shop), ("web/Dockerfile", Web), ("web/page", "one"), ("site/greeting", "hello"));
        Assert.Equal("one chosen\n", await room.GetAsync("mall.localhost"));
        Assert.Equal("api hello\n", await room.GetAsync("api-mall.localhost"));

        // Variables: made once, the same everywhere, shown to who may see them and to nobody in logs.
        var variables = await VariablesAsync("mall");
        Assert.Equal(32, variables["SERVICE_PASSWORD_DB"].Length);
        Assert.Equal(64, variables["SERVICE_BASE64_64_KEY"].Length);
        Assert.Equal("mall.localhost", variables["SERVICE_FQDN_WEB"]);
        var environment = await room.GetAsync("mall.localhost", "/env");
        Assert.Contains("DB_PASS=" + variables["SERVICE_PASSWORD_DB"], environment, StringComparison.Ordinal);
        Assert.Contains($"SERVICE_URL_WEB_8080=http://mall.localhost:{room.HttpPort}\n", environment, StringComparison.Ordinal);
        Assert.Contains("OWN_HOST=mall.localhost", environment, StringComparison.Ordinal);
        Assert.Contains("migrated as ***", log, StringComparison.Ordinal);
        Assert.Equal(variables["SERVICE_PASSWORD_DB"] + "\n", (await ExecAsync("mall", "db", "sh", "-c", "echo $POSTGRES_PASSWORD"))["output"]!.GetValue<string>());

        // The file may call a volume what it likes: it is the application's own.
        var present = await ContainersAsync("mall");
        Assert.Equal(["api", "db", "web"], present.Keys.Order());
        Assert.DoesNotContain((await room.Daemon.Api.ListVolumesAsync()).Volumes, volume => volume.Name == "somebody-elses");
        Assert.Contains("Nothing has changed", await room.DeployAsync("mall"), StringComparison.Ordinal);

        // A changed page replaces one service, and nobody notices.
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(room, "mall.localhost", 100, stop.Token);
        await SendAsync("mall", ("compose.yaml", Shop), ("web/Dockerfile", Web), ("web/page", "two"), ("site/greeting", "hello"));
        await stop.CancelAsync();
        var (answers, failures) = await load;
        Assert.Empty(failures);
        Assert.Empty(answers.Keys.Except(["one chosen\n", "two chosen\n"]));
        Assert.Equal("two chosen\n", await room.GetAsync("mall.localhost"));
        var after = await ContainersAsync("mall");
        Assert.Equal((present["db"], present["api"]), (after["db"], after["api"]));
        Assert.NotEqual(present["web"], after["web"]);
        Assert.Equal(variables, await VariablesAsync("mall"));

        // What the mounted source says belongs to the image; what has a volume is replaced in place and keeps it.
        await SendAsync("mall", ("compose.yaml", Shop.Replace("exec sleep 3600", "exec sleep 3601", StringComparison.Ordinal)), ("web/Dockerfile", Web), ("web/page", "two"), ("site/greeting", "changed"));
        Assert.Equal("api changed\n", await room.GetAsync("api-mall.localhost"));
        Assert.Equal("started\nstarted\n", (await ExecAsync("mall", "db", "cat", "/data/starts"))["output"]!.GetValue<string>());

        // Back to the first release: images and configuration.
        await room.DeployAsync("mall", "rollback", """{"release":1}""");
        Assert.Equal("one chosen\n", await room.GetAsync("mall.localhost"));
        Assert.Equal("api hello\n", await room.GetAsync("api-mall.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/mall?volumes=true");
        Assert.DoesNotContain((await room.Daemon.Api.ListVolumesAsync()).Volumes, volume => volume.Labels?.GetValueOrDefault("slipway.app.name") == "mall");
        Assert.DoesNotContain(await room.Daemon.Api.ListNetworksAsync(), network => network.Labels.GetValueOrDefault("slipway.app.name") == "mall");
    }

    [Fact]
    public async Task A_service_that_fails_leaves_everything_as_it_was_and_says_why()
    {
        const string File = """
            services:
              web:
                image: busybox
                init: true
                command: [sh, -c, "mkdir /w; echo one >/w/index.html; exec httpd -f -p 8080 -h /w"]
                expose: ["8080"]
                depends_on: [store]
              store:
                image: busybox
                command: [sh, -c, "echo a store; exec sleep 3600"]
                volumes: ["kept:/kept"]
                stop_grace_period: 1s
            volumes: {kept: {}}
            """;
        await MakeAsync("stall");
        await SendAsync("stall", ("docker-compose.yml", File));
        Assert.Equal("one\n", await room.GetAsync("stall.localhost"));
        var before = await ContainersAsync("stall");

        var (state, log) = await TryAsync("stall", ("docker-compose.yml", File.Replace("echo one", "echo two", StringComparison.Ordinal).Replace("echo a store; exec sleep 3600", "echo no store today; exit 4", StringComparison.Ordinal)));
        Assert.Equal("failed", state);
        Assert.Contains("exit code 4", log, StringComparison.Ordinal);
        Assert.Contains("  no store today", log, StringComparison.Ordinal);
        Assert.Equal("one\n", await room.GetAsync("stall.localhost"));
        Assert.Equal(before, await ContainersAsync("stall"));

        // One service alone: stopped, started, more of it, its log and its address.
        await room.OkAsync("POST", "/api/v1/apps/stall/stop?service=web", "{}");
        Assert.StartsWith("This application is stopped", await room.GetAsync("stall.localhost"), StringComparison.Ordinal);
        await room.OkAsync("POST", "/api/v1/apps/stall/services/web/start", "{}");
        await Wait.UntilAsync("it serves again", async () => await room.GetAsync("stall.localhost") == "one\n", 20);
        await room.DeployAsync("stall", "scale", """{"processes":{"web":2}}""");
        var view = (await room.OkAsync("GET", "/api/v1/apps/stall"))!;
        Assert.Equal(2, view["services"]!.AsArray().Single(service => service!["name"]!.GetValue<string>() == "web")!["containers"]!.AsArray().Count);
        Assert.Equal("a store\na store\n", (await room.OkAsync("GET", "/api/v1/apps/stall/logs?process=store"))!.GetValue<string>());
        await room.OkAsync("PUT", "/api/v1/apps/stall/domains", """[{"host":"shop.test","service":"web"}]""");
        Assert.Equal("one\n", await room.GetAsync("shop.test"));
        Assert.StartsWith("No application", await room.GetAsync("stall.localhost"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await room.CallAsync("GET", "/api/v1/apps/stall/logs?process=nothing")).Status);
        await room.OkAsync("DELETE", "/api/v1/apps/stall");
    }

    [Theory]
    [InlineData("privileged: true", "privileged")]
    [InlineData("network_mode: host", "network_mode")]
    [InlineData("pid: host", "pid")]
    [InlineData("cap_add: [SYS_ADMIN]", "cap_add")]
    [InlineData("devices: [/dev/kmsg]", "devices")]
    [InlineData("annotations: {run.oci.hooks.stdout: /etc/cron.d/x}", "annotations")]
    [InlineData("volumes: ['/etc:/host']", "volumes")]
    [InlineData("volumes: ['../..:/host']", "volumes")]
    [InlineData("env_file: /etc/passwd", "env_file")]
    [InlineData("logging: {driver: syslog, options: {syslog-address: 'unix:///run/x'}}", "logging")]
    [InlineData("volumes_from: ['container:slipway-proxy']", "volumes_from")]
    [InlineData("environment: {KEY: '${API_KEY:?set me}'}", "set me")]
    public async Task What_reaches_out_of_an_application_is_refused_with_its_place(string line, string key)
    {
        if ((await room.CallAsync("GET", "/api/v1/apps/hostile")).Status == HttpStatusCode.NotFound)
        {
            await MakeAsync("hostile");
        }

        var (state, log) = await TryAsync("hostile", ("compose.yaml", $"services:\n  web:\n    image: busybox\n    {line}\n"));
        Assert.Equal("failed", state);
        Assert.Contains("compose.yaml:", log, StringComparison.Ordinal);
        Assert.Contains(key, log, StringComparison.Ordinal);
        Assert.DoesNotContain("/staging/", log, StringComparison.Ordinal);
        Assert.Empty(await ContainersAsync("hostile"));
    }

    private Task MakeAsync(string name) => room.OkAsync("POST", "/api/v1/apps", $$$"""{"name":"{{{name}}}","source":{"kind":"push"}}""");

    private async Task<string> SendAsync(string app, params (string Path, string Text)[] files)
    {
        var (state, log) = await TryAsync(app, files);
        Assert.True(state == "succeeded", log);
        return log;
    }

    private Task<(string State, string Log)> TryAsync(string app, params (string Path, string Text)[] files) => room.SendAsync(app, files);

    private async Task<SortedDictionary<string, string>> VariablesAsync(string app) =>
        new((await room.OkAsync("GET", $"/api/v1/apps/{app}/env"))!.AsArray().ToDictionary(variable => variable!["key"]!.GetValue<string>(), variable => variable!["value"]!.GetValue<string>()));

    private async Task<JsonNode> ExecAsync(string app, string service, params string[] command) =>
        (await room.OkAsync("POST", $"/api/v1/apps/{app}/exec", new JsonObject { ["process"] = service, ["command"] = new JsonArray([.. command.Select(word => (JsonNode)word)]) }.ToJsonString()))!;

    private async Task<SortedDictionary<string, string>> ContainersAsync(string app) =>
        new((await room.Daemon.Api.ListContainersAsync(all: true)).Where(container => container.Labels.GetValueOrDefault("slipway.app.name") == app).ToDictionary(container => container.Labels["slipway.service"], container => container.Id));
}
