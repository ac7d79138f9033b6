using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Api.Requests;

/// <summary>Platforms as clients send them: <c>linux/arm64</c>, or the JSON object that image endpoints take since API 1.48.</summary>
internal static class PlatformQuery
{
    /// <summary>The platform, or null when none was sent.</summary>
    /// <exception cref="EngineException">It is none.</exception>
    public static Platform? Read(Query query, string name = "platform") => query.Optional(name) is { } text ? Parse(text) : null;

    /// <summary>Every platform that was sent (<c>platforms</c>, since API 1.50).</summary>
    /// <exception cref="EngineException">One of them is none.</exception>
    public static IReadOnlyList<Platform> ReadAll(Query query) => [.. query.All("platforms").Where(text => text.Length > 0).Select(Parse)];

    private static Platform Parse(string text)
    {
        try
        {
            return text.StartsWith('{') ? FromJson(text) : Platform.Parse(text);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw EngineException.Invalid($"invalid platform: {e.Message}", e);
        }
    }

    private static Platform FromJson(string text)
    {
        var given = JsonSerializer.Deserialize(text, DockerJson.Default.OciPlatform)!;
        return given.Os.Length == 0 || given.Architecture.Length == 0
            ? throw new FormatException("os and architecture are needed")
            : Platform.Parse(string.Join('/', ((string?[])[given.Os, given.Architecture, given.Variant]).Where(p => !string.IsNullOrEmpty(p))));
    }
}
