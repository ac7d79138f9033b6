using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>What runs becomes what the files say, whatever was there before, and nothing else is touched.</summary>
[Collection(ComposeCollection.Name)]
public sealed class ConvergenceTests(EngineRoom room)
{
    private const string Two = """
        services:
          web:
            image: busybox
            command: sleep 1000
            stop_grace_period: 0s
            environment: {V: "one"}
            volumes: ["data:/data", "/anon"]
            depends_on: [db]
            networks: {front: {aliases: [www]}, back: }
          db:
            image: busybox
            command: sleep 1000
            stop_grace_period: 0s
            networks: [back]
        networks: {front: , back: {internal: true}}
        volumes: {data: }
        """;

    [Fact]
    public async Task A_second_up_changes_nothing_and_a_change_replaces_one_service_alone()
    {
        await using Application app = new(room, Two);
        (await app.Compose("up", "-d")).Ok();
        IReadOnlyDictionary<string, string> first = await app.Containers();
        Assert.Equal([$"{app.Name}-db-1", $"{app.Name}-web-1"], first.Keys.Order());
        (await app.Compose("exec", "-T", "web", "sh", "-c", "echo kept > /anon/f; echo data > /data/f; ping -c 1 -W 2 db >/dev/null && ping -c 1 -W 2 www >/dev/null")).Ok();

        (await app.Compose("up", "-d")).Ok();
        Assert.Equal(first, await app.Containers());

        app.Write("compose.yaml", Two.Replace("one", "two", StringComparison.Ordinal));
        (await app.Compose("up", "-d")).Ok();
        IReadOnlyDictionary<string, string> second = await app.Containers();
        Assert.Equal(first[$"{app.Name}-db-1"], second[$"{app.Name}-db-1"]);
        Assert.NotEqual(first[$"{app.Name}-web-1"], second[$"{app.Name}-web-1"]);
        Assert.Equal("kept\ndata\ntwo", (await app.Compose("exec", "-T", "web", "sh", "-c", "cat /anon/f /data/f; echo $V")).Ok());

        (await app.Compose("down", "-t", "0")).Ok();
        Assert.Equal($"{app.Name}_data", (await room.Docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + app.Name)).Ok());
    }

    [Fact]
    public async Task Docker_compose_sees_the_project_and_leaves_it_as_it_is()
    {
        await using Application app = new(room, "version: '3.8'\n" + Two.Replace("    stop_grace_period: 0s\n", "", StringComparison.Ordinal));
        (await app.Compose("up", "-d")).Ok();
        string shown = (await app.Old("ps")).Ok();
        Assert.Contains($"{app.Name}-web-1", shown, StringComparison.Ordinal);
        Assert.Contains($"{app.Name}-db-1", shown, StringComparison.Ordinal);
        (await app.Old("stop", "-t", "0", "web")).Ok();
        (await app.Compose("up", "-d")).Ok();
        Assert.Equal(2, (await app.Compose("ps", "-q")).Ok().Split('\n').Length);
    }

    [Fact]
    public async Task What_others_have_changed_is_put_right()
    {
        await using Application app = new(room, Two);
        (await app.Compose("up", "-d", "--scale", "db=2")).Ok();
        IReadOnlyDictionary<string, string> first = await app.Containers();
        (await room.Docker("rename", $"{app.Name}-web-1", app.Name + "x")).Ok();
        (await room.Docker("rm", "-f", $"{app.Name}-db-1")).Ok();
        (await room.Docker("stop", "-t", "0", $"{app.Name}-db-2")).Ok();
        (await app.Compose("up", "-d", "--scale", "db=2")).Ok();
        IReadOnlyDictionary<string, string> second = await app.Containers();
        Assert.Equal(first.Keys.Order(), second.Keys.Order());
        Assert.Equal(first[$"{app.Name}-web-1"], second[$"{app.Name}-web-1"]);
        Assert.Equal(first[$"{app.Name}-db-2"], second[$"{app.Name}-db-2"]);
        Assert.Equal("running running running", (await app.Compose("ps", "--format", "{{.State}}")).Ok().Replace('\n', ' '));

        (await room.Docker("rm", "-f", $"{app.Name}-web-1")).Ok();
        (await room.Docker("volume", "rm", $"{app.Name}_data")).Ok();
        (await app.Compose("up", "-d", "--remove-orphans")).Ok();
        Assert.Equal("", (await app.Compose("exec", "-T", "web", "ls", "/data")).Ok());
        Assert.Equal(2, (await app.Containers()).Count);
    }

    [Fact]
    public async Task An_interrupted_up_or_down_is_finished_by_the_next()
    {
        await using Application app = new(room, Two);
        (await app.Compose("up", "-d")).Ok();
        (await app.Compose("exec", "-T", "web", "sh", "-c", "echo kept > /anon/f; echo data > /data/f")).Ok();
        int version = 0;
        foreach (string mark in new[] { "Recreate\n", "db-1  Recreated", "web-1  Recreate\n", "web-1  Recreated", "Starting", "Stopping", "Removing" })
        {
            app.Write("compose.yaml", Two.Replace("one", $"v{++version}", StringComparison.Ordinal).Replace("  db:\n", $"  db:\n    labels: [v={version}]\n", StringComparison.Ordinal));
            bool down = mark is "Stopping" or "Removing";
            using (CommandLine command = app.Start(down ? ["down", "-t", "0"] : ["up", "-d"]))
            {
                await Wait.UntilAsync("it has come so far", () => Task.FromResult(command.Process.HasExited || command.ErrorSoFar.Contains(mark, StringComparison.Ordinal)));
                command.Process.Kill();
            }

            (await app.Compose("up", "-d")).Ok();
            Assert.Equal([$"{app.Name}-db-1", $"{app.Name}-web-1"], (await app.Containers()).Keys.Order());
            Assert.Equal(down ? $"data\nv{version}" : $"kept\ndata\nv{version}", (await app.Compose("exec", "-T", "web", "sh", "-c", (down ? "" : "cat /anon/f;") + "cat /data/f; echo $V")).Ok());
        }
    }

    [Fact]
    public async Task A_client_that_is_killed_at_any_moment_leaves_nothing_that_the_next_cannot_finish()
    {
        const int Rounds = 8;
        await using Application app = new(room, Two);
        (await app.Compose("up", "-d")).Ok();
        (await app.Compose("exec", "-T", "web", "sh", "-c", "echo kept > /anon/f; echo data > /data/f")).Ok();
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 1; round <= Rounds; round++)
        {
            app.Write("compose.yaml", Two.Replace("one", $"v{round}", StringComparison.Ordinal).Replace("  db:\n", $"  db:\n    labels: [v={round}]\n", StringComparison.Ordinal));
            using (CommandLine command = app.Start("up", "-d", "--remove-orphans"))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(150, 900)), TimeProvider.System);
                command.Process.Kill();
            }

            string when = $"seed {seed}, round {round}";
            (await app.Compose("up", "-d")).Ok();
            IReadOnlyDictionary<string, string> now = await app.Containers();
            Assert.Equal((when, $"{app.Name}-db-1 {app.Name}-web-1"), (when, string.Join(' ', now.Keys.Order())));
            Assert.Equal((when, $"kept\ndata\nv{round}"), (when, (await app.Compose("exec", "-T", "web", "sh", "-c", "cat /anon/f /data/f; echo $V")).Ok()));
            (await app.Compose("up", "-d")).Ok();
            Assert.Equal(now, await app.Containers());
        }

        Assert.Equal(2, (await room.Docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + app.Name)).Lines().Length + (await room.Docker("inspect", "-f", "{{range .Mounts}}{{.Destination}} {{end}}", $"{app.Name}-web-1")).Ok().Split(' ').Count(d => d == "/anon"));
        (await app.Compose("down", "-t", "0")).Ok();
        Assert.Equal($"{app.Name}_data", (await room.Docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + app.Name)).Ok());
    }
}
