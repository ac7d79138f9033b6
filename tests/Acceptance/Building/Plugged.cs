using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>Docker's client with its plugins. It has a home of its own: other tests' docker has no plugins and builds by the classic endpoint.</summary>
internal static class Plugged
{
    private static readonly string Plugins = Environment.GetEnvironmentVariable("SLIPWAY_CLI_PLUGINS") ?? "/var/cache/slipway-test/cli-plugins";

    internal static async Task<Outcome> RunAsync(EngineRoom room, params string[] arguments)
    {
        using var command = Start(room, arguments);
        return await command.EndAsync(60);
    }

    internal static CommandLine Start(EngineRoom room, params string[] arguments)
    {
        var home = Directory.CreateDirectory(Path.Combine(room.Home, "plugged")).FullName;
        var link = Path.Combine(home, "cli-plugins");
        Assert.True(Directory.Exists(Plugins), $"{Plugins} is missing: run scripts/docker-plugins");
        if (!Directory.Exists(link))
        {
            Directory.CreateSymbolicLink(link, Plugins);
        }

        return CommandLine.Start(EngineRoom.DockerProgram, ["-H", "unix://" + room.Daemon.Socket, .. arguments], home);
    }
}
