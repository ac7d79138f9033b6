using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Client;

namespace Slipway.Cli.Streams;

/// <summary>
/// Requests whose answers stay JSON: a format may ask for any field an engine sent, also those of engines newer than us.
/// </summary>
internal static class EngineCalls
{
    public static Task<JsonNode?> GetAsync(this EngineClient engine, ApiPath path) => engine.CallAsync("GET", path, null);

    public static Task<JsonNode?> PostAsync(this EngineClient engine, ApiPath path, JsonNode? body = null) => engine.CallAsync("POST", path, body);

    public static Task<JsonNode?> DeleteAsync(this EngineClient engine, ApiPath path) => engine.CallAsync("DELETE", path, null);

    /// <returns>The answer, or null when it is empty.</returns>
    public static async Task<JsonNode?> CallAsync(this EngineClient engine, string method, ApiPath path, JsonNode? body)
    {
        await using EngineResponse response = await engine.RequestAsync(method, path.ToString(), Bytes(body));
        using MemoryStream content = new();
        await response.Body.CopyToAsync(content);
        return content.Length == 0 ? null : JsonNode.Parse(content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    public static Task<Stream> OpenAsync(this EngineClient engine, ApiPath path) => engine.OpenAsync("GET", path);

    public static async Task<Stream> OpenAsync(this EngineClient engine, string method, ApiPath path, JsonNode? body = null, string headers = "") =>
        (await engine.RequestAsync(method, path.ToString(), Bytes(body), headers)).Body;

    /// <summary>JSON objects of an answer, one per line, as they arrive.</summary>
    public static async IAsyncEnumerable<JsonNode> LinesAsync(Stream answer, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using StreamReader reader = new(answer, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length > 0 && JsonNode.Parse(line) is { } value)
            {
                yield return value;
            }
        }
    }

    private static ReadOnlyMemory<byte> Bytes(JsonNode? body) => body is null ? default : Encoding.UTF8.GetBytes(body.ToJsonString());
}
