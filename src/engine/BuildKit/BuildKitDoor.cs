using Microsoft.Extensions.Logging;
using Slipway.Build;
using Slipway.BuildKit.Builds;
using Slipway.BuildKit.Grpc;
using Slipway.BuildKit.Sessions;
using Slipway.Distribution;

namespace Slipway.BuildKit;

/// <summary>BuildKit's API on connections that the Docker API upgrades. Nothing of it exists before the first one.</summary>
/// <param name="builder">Builds.</param>
/// <param name="registries">Fetches and pushes.</param>
/// <param name="logs">Tells what goes wrong.</param>
public sealed class BuildKitDoor(Builder builder, Registries registries, ILoggerFactory logs) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private GrpcServer? _server;
    private SessionTable? _sessions;

    /// <summary>Serves <c>POST /grpc</c> until the connection ends.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="stop">Ends it.</param>
    public Task ServeAsync(Stream stream, CancellationToken stop) => Server().ServeAsync(stream, stop);

    /// <summary>Serves <c>POST /session</c> until the connection ends.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="hello">How the session introduces itself.</param>
    /// <param name="stop">Ends it.</param>
    public Task JoinAsync(Stream stream, SessionHello hello, CancellationToken stop) => Sessions().JoinAsync(stream, hello, stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private SessionTable Sessions()
    {
        lock (_lock)
        {
            return _sessions ??= new SessionTable(builder.Engine.Time);
        }
    }

    private GrpcServer Server()
    {
        var sessions = Sessions();
        lock (_lock)
        {
            return _server ??= new GrpcServer(Methods(sessions), builder.Engine.Time, logs);
        }
    }

    private Dictionary<string, Func<GrpcCall, Task>> Methods(SessionTable sessions)
    {
        var builds = new Rendezvous<ClientBuild>("build", builder.Engine.Time);
        var registry = new SessionRegistry(registries);
        var gateway = new GatewayMethods(builds, new Frontend(builder, sessions, registry));
        var methods = new Dictionary<string, Func<GrpcCall, Task>>(StringComparer.Ordinal);
        gateway.Map(methods);
        new ControlMethods(builder, sessions, builds, gateway, new ExportResult(new ExportImage(registry))).Map(methods);
        return methods;
    }
}
