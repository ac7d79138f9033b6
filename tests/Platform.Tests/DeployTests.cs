namespace Slipway.Platform.Tests;

/// <summary>From source to running on our engine.</summary>
[Collection(PlatformTests.Name)]
public sealed class DeployTests(PlatformRoom room) : DeployFlow(room);
