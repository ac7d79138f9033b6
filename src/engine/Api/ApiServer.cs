using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Slipway.Api.Routing;
using Slipway.Transport;

namespace Slipway.Api;

/// <summary>
/// Serves the Docker Engine API on sockets that are already open. Kestrel is used without a host, a container or middleware: what a
/// request passes through is <see cref="ApiApplication"/>, and nothing else is paid for at start.
/// </summary>
public sealed class ApiServer : IAsyncDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();

    private ApiServer(IEnumerable<BoundEndPoint> endPoints, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        _log = loggers.CreateLogger("api");
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestLineSize = 64 * 1024;
        options.Limits.MaxRequestBufferSize = null;
        foreach (var endPoint in endPoints)
        {
            options.Listen(endPoint, listen => Configure(listen, endPoint));
        }

        _server = new KestrelServer(Options.Create(options), new SocketListenerFactory(), loggers);
    }

    /// <summary>Cancelled when the server begins to stop: streams that never end by themselves end then.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Begins to accept connections on the given sockets, which are the server's from now on.</summary>
    /// <param name="routes">What it serves; requests wait for it.</param>
    /// <param name="endPoints">Where clients come from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The daemon's log.</param>
    public static async Task<ApiServer> StartAsync(Task<RouteTable> routes, IEnumerable<BoundEndPoint> endPoints, TimeProvider time, ILoggerFactory loggers)
    {
        var server = new ApiServer(endPoints, time, loggers);
        await server._server.StartAsync(new ApiApplication(routes, time, server._log, server._stopping.Token), CancellationToken.None);
        return server;
    }

    /// <summary>Ends streams, lets short requests finish for a second and closes every connection.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        using var limit = new CancellationTokenSource(s_grace, _time);
        await _server.StopAsync(limit.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _server.Dispose();
        _stopping.Dispose();
    }

    private void Configure(ListenOptions listen, BoundEndPoint endPoint)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (endPoint.Tls is { } tls)
        {
            ((IConnectionBuilder)listen).Use(next => TlsConnections.Wrap(next, tls, _time, _log));
        }
    }
}
