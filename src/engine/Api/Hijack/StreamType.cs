using Slipway.DockerApi;

namespace Slipway.Api.Hijack;

/// <summary>The media types of byte streams.</summary>
internal static class StreamType
{
    private static readonly ApiVersion s_multiplexedNamed = new(1, 42);

    /// <summary>Framed streams have had a name of their own since API 1.42.</summary>
    public static string Of(ApiVersion version, bool multiplexed) =>
        multiplexed && version >= s_multiplexedNamed ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream";
}
