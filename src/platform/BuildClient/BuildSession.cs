using Slipway.BuildClient.Services;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;
using Slipway.Client;

namespace Slipway.BuildClient;

/// <summary>The connection over which the engine asks the client.</summary>
internal sealed class BuildSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HijackedStream _stream;
    private readonly Task _serving;

    private BuildSession(string id, HijackedStream stream, SessionServices services)
    {
        (Id, _stream) = (id, stream);
        var methods = new GrpcMethods(services.Methods, Failure, (_, _) => { });
        _serving = new Http2Connection(stream, methods.ServeAsync).RunAsync(_stop.Token);
    }

    /// <summary>What builds name it by.</summary>
    internal string Id { get; }

    /// <summary>Opens a session.</summary>
    /// <exception cref="EngineApiException">The engine has none.</exception>
    internal static async Task<BuildSession> OpenAsync(EngineClient engine, SessionServices services, CancellationToken cancel)
    {
        var id = Guid.NewGuid().ToString("N");
        const string prefix = "X-Docker-Expose-Session-";
        var headers = $"{prefix}Uuid: {id}\r\n{prefix}Name: slipway\r\n{prefix}Sharedkey: {services.SharedKey}\r\n"
            + string.Concat(services.Methods.Keys.Select(method => $"{prefix}Grpc-Method: {method}\r\n"));
        return new BuildSession(id, await engine.UpgradeAsync("/session", "h2c", headers, cancel).ConfigureAwait(false), services);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private static GrpcException? Failure(Exception error) =>
        error is IOException or UnauthorizedAccessException or InvalidDataException or System.Net.Sockets.SocketException ? new GrpcException(GrpcStatus.Unknown, error.Message) : null;
}
