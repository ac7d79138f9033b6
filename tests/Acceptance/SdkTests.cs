using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance;

/// <summary>Docker's own SDK, unchanged: Debian's python3-docker, which also carries docker-compose 1.29.</summary>
[Collection(LifeCollection.Name)]
public sealed class SdkTests(EngineRoom room)
{
    [Fact]
    public async Task DockersSdkForPythonSeesWhatItKnows()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Sdk", "docker_sdk.py");
        using var command = CommandLine.Start("/usr/bin/python3", [script, room.Daemon.Socket, "10.99.7"], room.Home);
        Assert.Equal("ok", (await command.EndAsync()).Ok());
    }
}
