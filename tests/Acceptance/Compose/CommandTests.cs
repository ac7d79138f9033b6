using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>The commands of <c>slipway compose</c> beside the making of applications.</summary>
[Collection(ComposeCollection.Name)]
public sealed class CommandTests(EngineRoom room)
{
    [Fact]
    public async Task Watched_files_go_into_containers()
    {
        await using Application app = new(room, """
            services:
              a:
                build: {context: ., dockerfile_inline: "FROM busybox\nCOPY src /app\nCMD [\"sleep\", \"1000\"]"}
                stop_grace_period: 0s
                develop:
                  watch:
                    - {action: sync, path: ./src, target: /app, ignore: ["*.tmp"]}
                    - {action: sync+restart, path: ./conf, target: /conf}
                    - {action: rebuild, path: ./version}
            """);
        app.Write("conf", "1");
        app.Write("version", "1");
        Directory.CreateDirectory(Path.Combine(app.Directory, "src"));
        app.Write("src/f", "one");
        using CommandLine watch = app.Start("watch");
        await Wait.UntilAsync("it watches", () => Task.FromResult(watch.ErrorSoFar.Contains("Watch enabled", StringComparison.Ordinal)));
        async Task<string> Shown(string script) => (await app.Compose("exec", "-T", "a", "sh", "-c", script)).Output.Trim();
        string first = (await app.Containers())[$"{app.Name}-a-1"];

        app.Write("src/no.tmp", "x");
        Directory.CreateDirectory(Path.Combine(app.Directory, "src/deep/er"));
        app.Write("src/deep/er/g", "two");
        app.Write("src/f", "three");
        await Wait.UntilAsync("they are there", async () => await Shown("cat /app/f /app/deep/er/g; ls /app") == "threetwodeep\nf");
        File.Delete(Path.Combine(app.Directory, "src/f"));
        await Wait.UntilAsync("it is gone", async () => await Shown("ls /app") == "deep");

        string started = await room.Inspect(first, "{{.State.StartedAt}}");
        app.Write("conf", "2");
        await Wait.UntilAsync("it is restarted", async () => await Shown("cat /conf") == "2" && await room.Inspect(first, "{{.State.StartedAt}}") != started);

        app.Write("version", "2");
        await Wait.UntilAsync("it is replaced", async () => (await app.Containers()).GetValueOrDefault($"{app.Name}-a-1", first) != first);
        Tool.Run("kill", "-INT", watch.Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await watch.EndAsync()).Ok();
    }

    [Fact]
    public async Task Hooks_run_around_the_life_of_a_container()
    {
        await using Application app = new(room, """
            services:
              a:
                image: busybox
                command: sleep 1000
                init: true
                volumes: ["log:/log"]
                post_start: [{command: [sh, -c, 'echo "start $$W $$(pwd)" >> /log/l'], environment: [W=env], working_dir: /log}]
                pre_stop: [{command: sh -c 'echo stop >> /log/l'}]
              bad: {image: busybox, command: sleep 1000, init: true, profiles: [bad], post_start: [{command: "false"}]}
            volumes: {log: }
            """);
        (await app.Compose("up", "-d")).Ok();
        (await app.Compose("stop")).Ok();
        (await app.Compose("start", "--wait")).Ok();
        Assert.Equal("start env /log\nstop\nstart env /log", (await app.Compose("exec", "-T", "a", "cat", "/log/l")).Ok());
        (await app.Compose("up", "-d", "bad")).Fails("services.bad.post_start: the command ended with code 1");
    }

    [Fact]
    public async Task Streams_of_containers_and_of_events()
    {
        await using Application app = new(room, """
            services:
              echo: {image: busybox, stdin_open: true, command: [sh, -c, 'while read l; do echo "got $$l"; [ "$$l" = q ] && exit 4; done']}
              ends: {image: busybox, init: true, command: [sh, -c, 'while [ ! -e /end ]; do sleep 0.1; done; sleep 3; exit 5']}
            """);
        using CommandLine events = app.Start("events", "--json");
        (await app.Compose("up", "-d")).Ok();
        using (CommandLine attach = app.Start("attach", "echo"))
        {
            await attach.WriteAsync("one\nq\n");
            Assert.Equal("got one\ngot q", (await attach.EndAsync(closeInput: false)).Exits(4));
        }

        string id = (await app.Containers())[$"{app.Name}-echo-1"];
        (await app.Compose("wait", "echo")).Fails("no containers for project");
        using (CommandLine wait = app.Start("wait", "ends"))
        {
            (await app.Compose("exec", "-T", "ends", "touch", "/end")).Ok();
            Assert.Equal($"container \"{(await app.Containers())[$"{app.Name}-ends-1"]}\" exited with status code 5", (await wait.EndAsync()).Exits(5));
        }

        await Wait.UntilAsync("the end is told", () => Task.FromResult(events.Output.Contains("\"action\":\"die\"", StringComparison.Ordinal)));
        Assert.Matches("(?m)^{\"action\":\"die\",\"attributes\":{\"execDuration\":\"[0-9]+\",\"exitCode\":\"4\",\"image\":\"busybox\",\"name\":\"[^\"]*-echo-1\"},\"id\":\"" + id + "\",\"service\":\"echo\",\"time\":\"[0-9T:.-]+Z\",\"type\":\"container\"}$", events.Output);
        Tool.Run("kill", "-INT", events.Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await events.EndAsync();
    }

    [Fact]
    public async Task Files_go_into_all_containers_of_a_service()
    {
        await using Application app = new(room, "services: {a: {image: busybox, command: sleep 1000, init: true, scale: 2}}");
        app.Write("f", "content");
        (await app.Compose("up", "-d")).Ok();
        (await app.Compose("cp", Path.Combine(app.Directory, "f"), "a:/f")).Ok();
        Assert.Equal("content", (await app.Compose("exec", "-T", "--index", "1", "a", "cat", "/f")).Ok());
        Assert.Equal("content", (await app.Compose("exec", "-T", "--index", "2", "a", "cat", "/f")).Ok());
        (await app.Compose("cp", "--index", "2", "a:/f", Path.Combine(app.Directory, "g"))).Ok();
        Assert.Equal("content", File.ReadAllText(Path.Combine(app.Directory, "g")));
    }

    [Fact]
    public async Task Containers_are_replaced_a_few_at_a_time()
    {
        const string Text = """
            services:
              a:
                image: busybox
                command: sleep 1000
                init: true
                environment: {V: "1"}
                deploy: {replicas: 3, update_config: {parallelism: 1, delay: 100ms, order: start-first}}
            """;
        await using Application app = new(room, Text);
        (await app.Compose("up", "-d")).Ok();
        IReadOnlyDictionary<string, string> first = await app.Containers();
        app.Write("compose.yaml", Text.Replace("\"1\"", "\"2\"", StringComparison.Ordinal));
        (await app.Compose("up", "-d")).Ok();
        IReadOnlyDictionary<string, string> second = await app.Containers();
        Assert.Equal(first.Keys.Order(), second.Keys.Order());
        Assert.Empty(first.Values.Intersect(second.Values));
        string until = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", System.Globalization.CultureInfo.InvariantCulture);
        string[] history = (await room.Docker("events", "--since", "1h", "--until", until, "--filter", "label=com.docker.compose.project=" + app.Name, "--filter", "event=start", "--filter", "event=die", "--format", "{{.Action}}")).Lines();
        Assert.Equal(["start", "start", "start", "start", "die", "start", "die", "start", "die"], history);
    }

    [Fact]
    public async Task Progress_is_shown_as_wanted()
    {
        await using Application app = new(room, "services: {a: {image: busybox, command: sleep 1000, init: true}}");
        Assert.Contains($" DRY-RUN MODE -  Container {app.Name}-a-1  Started", (await app.Compose("--dry-run", "up", "-d")).Error, StringComparison.Ordinal);
        Assert.Empty(await app.Containers());
        Assert.Contains($"{{\"dry-run\":true,\"id\":\"Container {app.Name}-a-1\",\"status\":\"Created\",\"error\":false}}", (await app.Compose("--progress", "json", "up", "-d", "--dry-run")).Error.Replace(", ", ",", StringComparison.Ordinal), StringComparison.Ordinal);
        using CommandLine terminal = CommandLine.Start("/usr/bin/script", ["-qec", $"{EngineRoom.SlipwayProgram} -H unix://{room.Daemon.Socket} compose -p {app.Name} -f {app.Directory}/compose.yaml up -d", "/dev/null"], room.Home);
        string shown = (await terminal.EndAsync(60, closeInput: false)).Ok();
        Assert.Contains("[+] Running 2/2", shown, StringComparison.Ordinal);
        Assert.Contains($"Container {app.Name}-a-1", shown, StringComparison.Ordinal);
        Assert.Matches("Started.*[0-9]\\.[0-9]s", shown);
        Assert.Equal("", (await app.Compose("--progress", "quiet", "down", "-t", "0")).Error);
    }

    [Fact]
    public async Task Words_are_completed()
    {
        await using Application app = new(room, "services: {web: {image: busybox}, db: {image: busybox}}");
        async Task<string> Candidates(params string[] words) => (await room.Client("slipway", ["__complete", "--", "compose", "-f", Path.Combine(app.Directory, "compose.yaml"), .. words])).Ok().Replace('\n', ' ');
        Assert.Equal("db web", await Candidates("up", ""));
        Assert.Equal("pause port ps pull push", await Candidates("p"));
        Assert.Contains("--abort-on-container-exit", await Candidates("up", "--a"), StringComparison.Ordinal);
        Assert.Equal("", await Candidates("exec", "web", ""));
    }

    [Fact]
    public async Task Names_have_underscores_where_that_is_wanted()
    {
        await using Application app = new(room, "services: {a: {image: busybox, command: sleep 1000, init: true}}");
        (await app.Compose("--compatibility", "--parallel", "1", "up", "-d")).Ok();
        Assert.Equal([$"{app.Name}_a_1"], (await app.Containers()).Keys);
    }
}
