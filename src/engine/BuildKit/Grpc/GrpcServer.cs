using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Slipway.BuildKit.Transport;

namespace Slipway.BuildKit.Grpc;

/// <summary>Serves gRPC on connections that are handed in. It exists only once the first one comes.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;
    private readonly StreamListener _listener = new();
    private readonly Task _started;
    private readonly TimeProvider _time;
    private long _count;

    internal GrpcServer(IReadOnlyDictionary<string, Func<GrpcCall, Task>> methods, TimeProvider time, ILoggerFactory logs)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestHeadersTotalSize = 1 << 20;
        options.Listen(_listener.EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
        _time = time;
        _server = new KestrelServer(Options.Create(options), _listener, logs);
        _started = _server.StartAsync<HttpContext>(new GrpcApplication(methods, logs.CreateLogger("buildkit")), CancellationToken.None);
    }

    /// <summary>Serves a connection until it ends.</summary>
    /// <param name="stream">The connection; stays the caller's.</param>
    /// <param name="stop">Ends it.</param>
    internal async Task ServeAsync(Stream stream, CancellationToken stop)
    {
        await _started.ConfigureAwait(false);
        var connection = new StreamConnection(stream, $"buildkit-{Interlocked.Increment(ref _count)}");
        if (_listener.Offer(connection))
        {
            await using var watch = stop.Register(() => connection.Abort(new("the daemon stops"))).ConfigureAwait(false);
            await connection.Ended.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Grace, _time);
        await _server.StopAsync(limit.Token).ConfigureAwait(false);
        _server.Dispose();
    }
}
