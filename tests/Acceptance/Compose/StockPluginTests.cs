using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>
/// The stock plugin of docker's client takes a project over and hands it back without replacing anything. It is taken from
/// <c>$SLIPWAY_COMPOSE_PLUGIN</c> or the usual places; where it is not installed there is nothing to compare with.
/// </summary>
[Collection(ComposeCollection.Name)]
public sealed class StockPluginTests(EngineRoom room)
{
    private static readonly string? s_plugin = new[] { Environment.GetEnvironmentVariable("SLIPWAY_COMPOSE_PLUGIN"), "/usr/libexec/docker/cli-plugins/docker-compose", "/usr/lib/docker/cli-plugins/docker-compose" }.FirstOrDefault(File.Exists);

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

    private async Task<Outcome> Plugin(Application app, params string[] arguments)
    {
        using CommandLine command = CommandLine.Start("/usr/bin/env", ["DOCKER_HOST=unix://" + room.Daemon.Socket, s_plugin!, "--project-directory", app.Directory, "-f", Path.Combine(app.Directory, "compose.yaml"), "-p", app.Name, .. arguments], room.Home);
        return await command.EndAsync(90);
    }
}
