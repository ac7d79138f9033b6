using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The tests that share one dockerd.</summary>
[CollectionDefinition(Name)]
public sealed class StockPlatformTests : ICollectionFixture<StockRoom>
{
    internal const string Name = "platform on stock docker";
}

/// <summary>A slipway-server on the distribution's dockerd, where that is installed.</summary>
public sealed class StockRoom : PlatformRoom
{
    private StockDocker? _docker;

    /// <inheritdoc/>
    public override bool IsThere => StockDocker.IsInstalled;

    internal override EngineClient Engine => _docker!.Api;

    /// <inheritdoc/>
    protected override string Visited => StockDocker.Visited;

    private protected override Task StartEngineAsync(Scratch scratch)
    {
        _docker = new StockDocker(scratch.Root);
        return _docker.StartAsync();
    }

    private protected override async Task StopEngineAsync()
    {
        if (_docker is not null)
        {
            await _docker.DisposeAsync();
        }
    }
}

/// <summary>From source to running on somebody else's engine: everything goes through the Docker Engine API.</summary>
[Collection(StockPlatformTests.Name)]
public sealed class StockDeployTests(StockRoom room) : DeployFlow(room);

/// <summary>Services of a Compose file on an engine that takes one network when a container is made, so that the others are joined.</summary>
[Collection(StockPlatformTests.Name)]
public sealed class StockComposeTests(StockRoom room)
{
    [Fact]
    public async Task Services_in_several_networks_are_deployed_changed_and_rolled_back()
    {
        if (!room.IsThere)
        {
            return;
        }

        const string File = """
            services:
              web:
                image: busybox
                init: true
                command: [sh, -c, "mkdir /w; cp /site/* /w; exec httpd -f -p 8080 -h /w"]
                environment: [SERVICE_URL_WEB_8080]
                volumes: ["./site:/site:ro"]
                networks: [front, back]
                depends_on: {db: {condition: service_healthy}}
              db:
                image: busybox
                command: [sh, -c, "echo started >>/data/starts; exec sleep 3600"]
                healthcheck: {test: "[ -f /data/starts ]", interval: 1s, retries: 30}
                stop_grace_period: 1s
                volumes: ["data:/data"]
                networks: [back]
            networks: {front: {}, back: {internal: true}}
            volumes: {data: {}}
            """;
        await room.OkAsync("POST", "/api/v1/apps", """{"name":"parts","source":{"kind":"push"}}""");
        foreach (var word in (string[])["first", "second"])
        {
            var (state, log) = await room.SendAsync("parts", ("compose.yaml", File), ("site/index.html", word + "\n"));
            Assert.True(state == "succeeded", log);
            Assert.Equal(word + "\n", await room.GetAsync("parts.localhost"));
        }

        await room.DeployAsync("parts", "rollback");
        Assert.Equal("first\n", await room.GetAsync("parts.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/parts?volumes=true");
    }
}
