namespace Slipway.BuildKit;

/// <summary>Platforms as messages have them.</summary>
internal static class Platforms
{
    internal static Slipway.BuildKitApi.Messages.Platform ToMessage(Oci.Platform platform) =>
        new() { Architecture = platform.Architecture, Os = platform.Os, Variant = platform.Variant ?? "" };
}
