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
