using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Slipway.Engine;
using Slipway.Transport;

namespace Slipway.Registry;

/// <summary>
/// Our own registry: OCI distribution-spec 1.1 on the engine's content store. What an image and a repository share is stored once; a blob
/// is visible in a repository only if it was pushed to it or mounted into it.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    /// <summary>The header in which our engine proves itself.</summary>
    public const string EngineHeader = Access.AccessRules.EngineHeader;

    // A lone line feed does not end a line: others between us and the client may not think so.
    private const string OnlyFullLineEnds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_care = TimeSpan.FromHours(6);
    private static readonly TimeSpan s_trim = TimeSpan.FromMinutes(1);

    private readonly KestrelServer _server;
    private readonly RegistryRooms _rooms;
    private readonly RegistryOptions _options;
    private readonly SlipwayEngine _engine;
    private readonly ILogger _log;
    private readonly ITimer _care;
    private readonly ITimer _trim;

    /// <summary>Prepares a server; the socket is the server's from now on.</summary>
    public RegistryServer(SlipwayEngine engine, RegistryOptions options, BoundEndPoint endPoint, ILoggerFactory loggers)
    {
        (_engine, _options) = (engine, options);
        _log = loggers.CreateLogger("registry");
        _rooms = new RegistryRooms(engine, options, _log);
        AppContext.SetSwitch(OnlyFullLineEnds, true);
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(100, TimeSpan.FromSeconds(60));
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBufferSize = null;
        kestrel.Limits.MaxConcurrentConnections = 4096;
        kestrel.Listen(endPoint, listen => Configure(listen, endPoint));
        _server = new KestrelServer(Options.Create(kestrel), new SocketListenerFactory(), loggers);
        _care = engine.Time.CreateTimer(_ => _ = CareAsync(_rooms.TidyAsync), null, s_care, s_care);
        _trim = engine.Time.CreateTimer(_ => _ = CareAsync(_rooms.TrimAsync), null, s_trim, s_trim);
    }

    /// <summary>Begins to accept connections.</summary>
    public Task StartAsync(CancellationToken cancel) => _server.StartAsync(new RegistryApplication(_rooms, _options, _engine.Time, _log), cancel);

    /// <summary>Lets short requests finish for a moment and closes every connection; uploads go on at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _care.DisposeAsync();
        await _trim.DisposeAsync();
        using var limit = new CancellationTokenSource(s_grace, _engine.Time);
        await _server.StopAsync(limit.Token);
        _server.Dispose();
        await _rooms.DisposeAsync();
    }

    private async Task CareAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is EngineException or IOException)
        {
            _log.LogWarning("the registry could not be tidied up: {Reason}", e.Message);
        }
    }

    private void Configure(ListenOptions listen, BoundEndPoint endPoint)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (endPoint.Tls is { } tls)
        {
            ((IConnectionBuilder)listen).Use(next => TlsConnections.Wrap(next, tls, _engine.Time, _log));
        }
    }
}
