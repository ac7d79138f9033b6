using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>
/// The stock plugin of docker's client takes a project over and hands it back without replacing anything. It is taken from
/// <c>$SLIPWAY_COMPOSE_PLUGIN</c> or the usual places; where it is not installed there is nothing to compare with.
/// </summary>
[Collection(ComposeCollection.Name)]
public sealed class StockPluginTests(EngineRoom room)
{
    private static readonly string? s_plugin = new[] { Environment.GetEnvironmentVariable("SLIPWAY_COMPOSE_PLUGIN"), "/var/cache/slipway-test/cli-plugins/docker-compose", "/usr/libexec/docker/cli-plugins/docker-compose", "/usr/lib/docker/cli-plugins/docker-compose" }.FirstOrDefault(File.Exists);

    [Fact]
    public async Task It_takes_over_and_hands_back()
    {
        if (s_plugin is null)
        {
            return;
        }

        await using Application app = new(room, """
            services:
              web:
                image: busybox
                command: sh -c 'echo "<$$V>" & sleep 1000'
                stop_grace_period: 0s
                init: true
                env_file: v.env
                environment: {A: "a&b", B: }
                ports: ["127.0.0.1::80"]
                volumes: ["data:/data", "/anon", "./:/here:ro"]
                depends_on: [db]
                labels: [x=1]
                deploy: {resources: {limits: {memory: 64m, pids: 50}}}
                healthcheck: {test: "true", interval: 1h}
              db: {image: busybox, command: sleep 1000, stop_grace_period: 0s}
            volumes: {data: }
            """);
        app.Write("v.env", "V=1\n");
        (await app.Compose("up", "-d")).Ok();
        IReadOnlyDictionary<string, string> ours = await app.Containers();
        Outcome taken = await Plugin(app, "up", "-d");
        Assert.Equal(0, taken.Code);
        Assert.Equal(ours, await app.Containers());
        (await Plugin(app, "up", "-d", "--force-recreate")).Ok();
        IReadOnlyDictionary<string, string> theirs = await app.Containers();
        (await app.Compose("up", "-d")).Ok();
        Assert.Equal(theirs, await app.Containers());
    }

    [Fact]
    public async Task Commands_show_the_same_and_fail_alike()
    {
        if (s_plugin is null)
        {
            return;
        }

        await using Application app = new(room, """
            services:
              web:
                image: busybox
                command: sh -c 'echo hello; exec sleep 1000'
                init: true
                stop_grace_period: 0s
                ports: ["127.0.0.1::80", "127.0.0.1::81/udp"]
                volumes: ["data:/data"]
                networks: [a]
                healthcheck: {test: "true", interval: 1h, start_period: 1h, start_interval: 100ms}
                environment: {V: "${V:-v}"}
              db: {image: busybox, command: sleep 1000, init: true, scale: 2, stop_grace_period: 0s}
              once: {image: busybox, command: "false"}
              off: {image: busybox, profiles: [off]}
            networks: {a: }
            volumes: {data: }
            """);
        (await app.Compose("up", "-d", "--wait", "web", "db")).Ok();
        (await app.Compose("create", "once")).Ok();
        foreach (string line in new[]
        {
            "ps --format {{.Name}}|{{.Service}}|{{.State}}|{{.Ports}}|{{.Mounts}}|{{.Networks}}|{{.Health}}|{{.ExitCode}}|{{.Image}}|{{.Command}}", "ps -aq", "ps --services", "ps --status created -q", "ps off", "images --format json", "images -q", "ls --format json", "ls -q",
            "port web 80", "port --protocol udp web 81", "config", "config --format json", "config --hash *", "config --services", "config --images", "config --volumes", "config --profiles",
            "config --no-normalize", "config --no-path-resolution", "config --no-consistency", "exec -T web echo hi", "exec -T web false", "exec -T --index 2 db hostname", "exec -T --index 9 db true", "exec -T once true",
            "port web 99", "pause", "unpause", "ps nothing", "up -d nothing", "up -d --pull sometimes", "up -d --build --no-build", "up -d --attach web", "config --format x", "ps -x", "--progress x ps", "-f gone.yaml ps", "cp a b", "cp web:/gone /tmp",
            "kill off", "scale db", "rm -f", "logs --no-log-prefix web", "--dry-run down -v", "stop -t 0 db", "wait db",
        })
        {
            string[] words = [.. line.Split(' ')];
            Outcome theirs = await Plugin(app, words);
            // What it changes is as it was before ours is asked.
            _ = line switch { "pause" => await app.Compose("unpause"), "unpause" => await app.Compose("pause"), "rm -f" => await app.Compose("create", "once"), _ => theirs };
            Outcome ours = await app.Compose(words);
            Assert.Equal((line, theirs.Code, Plain(line, theirs.Output)), (line, ours.Code, Plain(line, ours.Output)));
        }
    }

    // Before a line of a log the plugin empties the line of a terminal that is none, and it lists names in any order.
    private static string Plain(string line, string text)
    {
        string plain = text.Replace("\u001b[2K", "", StringComparison.Ordinal).Trim();
        return line is "config --services" or "config --images" or "config --volumes" or "config --profiles" or "config --hash *" or "ps --services" ? string.Join('\n', plain.Split('\n').Order(StringComparer.Ordinal)) : plain;
    }

    private async Task<Outcome> Plugin(Application app, params string[] arguments)
    {
        using CommandLine command = CommandLine.Start("/usr/bin/env", ["DOCKER_HOST=unix://" + room.Daemon.Socket, s_plugin!, "--project-directory", app.Directory, "-f", Path.Combine(app.Directory, "compose.yaml"), "-p", app.Name, .. arguments], room.Home);
        return await command.EndAsync(90);
    }
}
