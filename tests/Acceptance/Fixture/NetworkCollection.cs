namespace Slipway.Acceptance.Fixture;

/// <summary>Tests of networks: their daemon has bridges, and is killed and started again.</summary>
[CollectionDefinition(Name)]
public sealed class NetworkCollection : ICollectionFixture<EngineRoom>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "networks";
}
