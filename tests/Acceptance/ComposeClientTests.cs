using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Debian's docker-compose 1.29, which speaks API 1.41 through the Python SDK, runs an application on this engine.</summary>
[Collection(LifeCollection.Name)]
public sealed class ComposeClientTests(EngineRoom room)
{
    private const string Program = "/usr/bin/docker-compose";

    [Fact]
    public async Task AnApplicationComesUpAndGoes()
    {
        var project = EngineRoom.Name("pj").Replace("-", "", StringComparison.Ordinal);
        var directory = Directory.CreateDirectory(Path.Combine(room.Home, project)).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "docker-compose.yml"), """
            version: "3.8"
            services:
              web:
                image: busybox
                command: sh -c "echo hello from $$GREETER > /data/index.html; exec httpd -f -p 80 -h /data"
                ports: ["127.0.0.1::80"]
                networks: [front, back]
                depends_on: [db]
                environment: {GREETER: compose}
                volumes: ["data:/data"]
              db:
                image: busybox
                command: sleep 1000
                networks: {back: {aliases: [database]}}
            networks:
              front: {}
              back: {internal: true}
            volumes:
              data: {}
            """);
        async Task<Outcome> Compose(params string[] arguments)
        {
            using var command = CommandLine.Start(Program, ["-H", "unix://" + room.Daemon.Socket, "--project-directory", directory, "-f", Path.Combine(directory, "docker-compose.yml"), "-p", project, .. arguments], room.Home);
            return await command.EndAsync(90);
        }

        try
        {
            (await Compose("up", "-d")).Ok();
            var port = (await Compose("port", "web", "80")).Ok();
            using var http = new HttpClient();
            await Wait.UntilAsync("the page is there", async () => await TryGetAsync(http, $"http://{port}/") == "hello from compose\n");
            Assert.Contains("1 packets received", (await Compose("exec", "-T", "web", "ping", "-c", "1", "-W", "2", "database")).Ok(), StringComparison.Ordinal);
            Assert.Contains("Up", (await Compose("ps")).Ok(), StringComparison.Ordinal);
            (await Compose("up", "-d")).Ok();
            Assert.Equal("2", (await Compose("ps", "-q")).Ok().Split('\n').Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
            (await Compose("restart", "-t", "0", "web")).Ok();
        }
        finally
        {
            (await Compose("down", "-v", "-t", "0")).Ok();
        }

        Assert.Equal("", (await room.Docker("ps", "-aq", "--filter", "label=com.docker.compose.project=" + project)).Ok());
        Assert.Equal("", (await room.Docker("network", "ls", "-q", "--filter", "label=com.docker.compose.project=" + project)).Ok());
        Assert.Equal("", (await room.Docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + project)).Ok());
    }

    private static async Task<string> TryGetAsync(HttpClient http, string url)
    {
        try
        {
            return await http.GetStringAsync(new Uri(url));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }
}
