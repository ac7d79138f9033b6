using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

// The few shapes that all operations have: an answer in JSON, none, a stream of JSON values, a raw stream.
public sealed partial class EngineClient
{
    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        await CallAsync("GET", path, null, type, cancellation).ConfigureAwait(false);

    private async Task<T> CallAsync<T>(
        string method, string path, RequestBody? body, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        await using var response = await SendAsync(method, path, body, cancellation).ConfigureAwait(false);
        var value = await JsonSerializer.DeserializeAsync(response.Body, type, cancellation).ConfigureAwait(false);
        await DrainAsync(response, cancellation).ConfigureAwait(false);
        return value ?? throw new InvalidDataException($"the engine answered null to {method} {path}");
    }

    private async Task<EngineResponse> RunAsync(string method, string path, RequestBody? body, CancellationToken cancellation)
    {
        var response = await SendAsync(method, path, body, cancellation).ConfigureAwait(false);
        await DrainAsync(response, cancellation).ConfigureAwait(false);
        return response;
    }

    private async IAsyncEnumerable<T> StreamAsync<T>(
        string method,
        string path,
        RequestBody? body,
        string headers,
        JsonTypeInfo<T> type,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var response = await SendAsync(method, path, body, headers, cancellation).ConfigureAwait(false);
        var values = JsonSerializer.DeserializeAsyncEnumerable(response.Body, type, topLevelValues: true, cancellation);
        await foreach (var value in values.ConfigureAwait(false))
        {
            if (value is not null)
            {
                yield return value;
            }
        }
    }

    private async Task<Stream> OpenAsync(string method, string path, RequestBody? body, CancellationToken cancellation) =>
        (await SendAsync(method, path, body, cancellation).ConfigureAwait(false)).Body;

    // The end of the body must be seen for the connection to be usable again.
    private static async Task DrainAsync(EngineResponse response, CancellationToken cancellation)
    {
        var rest = new byte[512];
        for (var i = 0; i < 128 && await response.Body.ReadAsync(rest, cancellation).ConfigureAwait(false) > 0; i++)
        {
        }

        await response.DisposeAsync().ConfigureAwait(false);
    }

    // X-Registry-Auth carries the credentials as base64url JSON.
    private static string RegistryAuth(AuthConfig? auth) =>
        "X-Registry-Auth: " + (auth is null
            ? "e30="
            : Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(auth, DockerJson.Wire.AuthConfig)).Replace('+', '-').Replace('/', '_'))
        + "\r\n";
}
