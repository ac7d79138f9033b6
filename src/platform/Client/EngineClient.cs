using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

/// <summary>
/// Speaks the Docker Engine API to one engine, Slipway's or Docker's. One method per operation, grouped by noun in partial
/// files. Safe for concurrent use; each exchange has a connection of its own while it lasts.
/// </summary>
/// <remarks>
/// The newest API version is assumed, which costs no round trip; an engine that refuses it as too new says which one it
/// speaks, and that is used from then on.
/// </remarks>
public sealed partial class EngineClient(EngineAddress address) : IDisposable
{
    private const int MaxErrorBytes = 64 * 1024;
    private const int MaxIdleConnections = 4;

    private readonly ConcurrentStack<HttpConnection> _idle = new();
    private ApiVersion _version = ApiVersion.Newest;
    private bool _versionIsKnown;
    private bool _disposed;

    /// <summary>Where the engine is.</summary>
    public EngineAddress Address { get; } = address;

    /// <summary>
    /// How long a request's thread waits for the answer itself before it waits asynchronously; zero for not at all. The first asynchronous
    /// wait of a process has a hundred methods compiled, which a short-lived program is spared by this.
    /// </summary>
    public TimeSpan Patience { get; init; }

    /// <summary>The version in use; certain after the first successful request.</summary>
    public ApiVersion Version => _version;

    /// <summary>Uses one version and asks for no other.</summary>
    public void PinVersion(ApiVersion version) => (_version, _versionIsKnown) = (version, true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryPop(out var connection))
        {
            connection.Dispose();
        }
    }

    private static RequestBody Json<T>(T value, JsonTypeInfo<T> type) =>
        new("application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static string Escape(string name) => Uri.EscapeDataString(name);

    // Image names keep their slashes in the path.
    private static string EscapeImage(string name) => Uri.EscapeDataString(name).Replace("%2F", "/", StringComparison.Ordinal)
        .Replace("%3A", ":", StringComparison.Ordinal).Replace("%40", "@", StringComparison.Ordinal);

    private Task<EngineResponse> SendAsync(string method, string path, RequestBody? body, CancellationToken cancellation) =>
        SendAsync(method, path, body, headers: "", cancellation);

    private async Task<EngineResponse> SendAsync(
        string method, string path, RequestBody? body, string headers, CancellationToken cancellation)
    {
        if (body is { IsReplayable: false } && !_versionIsKnown)
        {
            await PingAsync(cancellation).ConfigureAwait(false);
        }

        try
        {
            return await ExchangeAsync(method, $"/v{_version}{path}", body, headers, cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (body is not { IsReplayable: false } && AcceptOlder(e))
        {
            return await ExchangeAsync(method, $"/v{_version}{path}", body, headers, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<EngineResponse> ExchangeAsync(
        string method, string path, RequestBody? body, string headers, CancellationToken cancellation)
    {
        var connection = await TakeConnectionAsync(cancellation).ConfigureAwait(false);
        ResponseHead head;
        ResponseBody stream;
        try
        {
            await connection.WriteAsync(Request(method, path, body, headers), cancellation).ConfigureAwait(false);
            var upload = body?.Source is null ? Task.CompletedTask : body.SendChunksAsync(connection, cancellation);
            head = await HeadAsync(connection, upload, cancellation).ConfigureAwait(false);
            var hasBody = method != "HEAD" && head.Status is not (204 or 304);
            stream = new ResponseBody(connection, head, hasBody, done => Return(done, upload));
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        // From here on the connection is the body's: read to its end, others may already be using it.
        await ThrowIfErrorAsync(head, stream, cancellation).ConfigureAwait(false);
        _versionIsKnown = true;
        return new EngineResponse(head, stream);
    }

    // If the source of an upload fails, its error is the interesting one, not the torn connection.
    private static async Task<ResponseHead> HeadAsync(HttpConnection connection, Task upload, CancellationToken cancellation)
    {
        try
        {
            return await connection.ReadHeadAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception) when (upload.IsFaulted || upload.IsCanceled)
        {
            await upload.ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Hands the connection over to the caller after the engine's 101 (or, from old engines, 200).</summary>
    private Task<HijackedStream> HijackAsync(string path, RequestBody body, CancellationToken cancellation) => HijackAsync(path, body, "tcp", "", cancellation);

    private async Task<HijackedStream> HijackAsync(string path, RequestBody body, string protocol, string headers, CancellationToken cancellation)
    {
        var upgrade = $"Connection: Upgrade\r\nUpgrade: {protocol}\r\n{headers}";
        try
        {
            return await UpgradeAsync($"/v{_version}{path}", body, upgrade, cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (AcceptOlder(e))
        {
            return await UpgradeAsync($"/v{_version}{path}", body, upgrade, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<HijackedStream> UpgradeAsync(string path, RequestBody body, string headers, CancellationToken cancellation)
    {
        var connection = await TakeConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            await connection.WriteAsync(Request("POST", path, body, headers), cancellation).ConfigureAwait(false);
            var head = await connection.ReadHeadAsync(cancellation).ConfigureAwait(false);
            if (head.Status is not (101 or 200))
            {
                var stream = new ResponseBody(connection, head, hasBody: head.Status != 204, done => done.Dispose());
                await ThrowIfErrorAsync(head, stream, cancellation).ConfigureAwait(false);
                throw new EngineApiException(head.Status, "the engine did not hand the connection over");
            }

            _versionIsKnown = true;
            return new HijackedStream(connection, head.Headers.GetValueOrDefault("Content-Type"));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private byte[] Request(string method, string path, RequestBody? body, string headers)
    {
        var bodyHeaders = body?.Headers ?? (method is "GET" or "HEAD" ? "" : RequestBody.Empty.Headers);
        var head = Encoding.ASCII.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: {Address.Host}\r\nUser-Agent: Slipway\r\n{headers}{bodyHeaders}\r\n");
        return body is { Bytes.Length: > 0 } ? [.. head, .. body.Bytes.Span] : head;
    }

    private async Task ThrowIfErrorAsync(ResponseHead head, Stream body, CancellationToken cancellation)
    {
        if (head.Status < 400)
        {
            return;
        }

        await using var closed = body.ConfigureAwait(false);
        var buffer = new byte[MaxErrorBytes];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        throw new EngineApiException(head.Status, ErrorText(buffer.AsSpan(0, count), head.Status));
    }

    private static string ErrorText(ReadOnlySpan<byte> body, int status)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, DockerJson.Default.ErrorResponse) is { Message.Length: > 0 } error)
            {
                return error.Message;
            }
        }
        catch (JsonException)
        {
            // Not every refusal is JSON (a proxy in between, an old engine's 404).
        }

        var text = Encoding.UTF8.GetString(body).Trim();
        return text.Length > 0 ? text : $"request returned status {status}";
    }

    private bool AcceptOlder(EngineApiException refusal)
    {
        const string Mark = "Maximum supported API version is ";
        var index = refusal.Message.IndexOf(Mark, StringComparison.Ordinal);
        if (_versionIsKnown || refusal.StatusCode != 400 || index < 0
            || !ApiVersion.TryParse(refusal.Message.AsSpan(index + Mark.Length).Trim(), out var version)
            || version >= _version || version < ApiVersion.Oldest)
        {
            return false;
        }

        (_version, _versionIsKnown) = (version, true);
        return true;
    }

    private async ValueTask<HttpConnection> TakeConnectionAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (_idle.TryPop(out var idle))
        {
            if (idle.IsReusable)
            {
                return idle;
            }

            idle.Dispose();
        }

        return new HttpConnection(await Address.ConnectAsync(cancellation).ConfigureAwait(false), Patience);
    }

    private void Return(HttpConnection connection, Task upload)
    {
        if (_disposed || !upload.IsCompletedSuccessfully || _idle.Count >= MaxIdleConnections)
        {
            connection.Dispose();
        }
        else
        {
            _idle.Push(connection);
        }
    }
}
