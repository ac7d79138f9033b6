using Microsoft.Extensions.Logging;
using Slipway.Build;
using Slipway.BuildKit.Builds;
using Slipway.BuildKit.History;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;
using Slipway.BuildKitApi.Messages;
using Slipway.Distribution;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.BuildKit;

/// <summary>BuildKit's API on connections that the Docker API upgrades. Nothing of it exists before the first one.</summary>
/// <param name="builder">Builds.</param>
/// <param name="registries">Fetches and pushes.</param>
/// <param name="logs">Tells what goes wrong.</param>
public sealed class BuildKitDoor(Builder builder, Registries registries, ILoggerFactory logs)
{
    private readonly Lock _lock = new();
    private readonly ILogger _log = logs.CreateLogger("buildkit");
    private GrpcMethods? _methods;
    private ControlMethods? _control;
    private UploadTable? _uploads;
    private SessionTable? _sessions;

    /// <summary>Serves <c>POST /grpc</c> until the connection ends.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="stop">Ends it.</param>
    public Task ServeAsync(Stream stream, CancellationToken stop) => new Http2Connection(stream, Methods().ServeAsync).RunAsync(stop);

    /// <summary>Serves <c>POST /session</c> until the connection ends.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="hello">How the session introduces itself.</param>
    /// <param name="stop">Ends it.</param>
    public Task JoinAsync(Stream stream, SessionHello hello, CancellationToken stop) => Sessions().JoinAsync(stream, hello, stop);

    /// <summary>Runs a build that was asked for over HTTP.</summary>
    /// <param name="build">The build.</param>
    /// <param name="report">Receives progress and the image's id.</param>
    /// <param name="gone">Cancelled when the client gives it up.</param>
    /// <exception cref="EngineException">It failed.</exception>
    public async Task BuildAsync(HttpBuild build, Action<JsonMessage> report, CancellationToken gone)
    {
        Methods();
        try
        {
            var told = await _control!.RunAsync(build.Request(), build.Context, Report, gone).ConfigureAwait(false);
            if (told.TryGetValue("containerimage.config.digest", out var id))
            {
                report(HttpBuild.Image(id));
            }
        }
        catch (GrpcException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }

        Task Report(StatusResponse status)
        {
            report(HttpBuild.Progress(status));
            return Task.CompletedTask;
        }
    }

    /// <summary>Gives a context to a build that was asked for over HTTP.</summary>
    /// <param name="id">The build's id.</param>
    /// <param name="context">A tar stream.</param>
    /// <param name="gone">Cancelled when the client gives it up.</param>
    public Task UploadAsync(string id, Stream context, CancellationToken gone)
    {
        Methods();
        return _uploads!.OfferAsync(id, context, gone);
    }

    private SessionTable Sessions()
    {
        lock (_lock)
        {
            return _sessions ??= new SessionTable(builder.Engine.Time);
        }
    }

    private GrpcMethods Methods()
    {
        var sessions = Sessions();
        lock (_lock)
        {
            return _methods ??= new GrpcMethods(Map(sessions), Failure, (error, method) => _log.LogError(error, "{Method} failed", method));
        }
    }

    // Another code would be put before the message by clients.
    private static GrpcException? Failure(Exception error) =>
        error is EngineException { Kind: not ErrorKind.Internal } e ? new GrpcException(GrpcStatus.Unknown, e.Message) : null;

    private Dictionary<string, Func<GrpcCall, Task>> Map(SessionTable sessions)
    {
        var builds = new Rendezvous<ClientBuild>("build", builder.Engine.Time);
        _uploads = new UploadTable(builder.Engine.Time);
        var registry = new SessionRegistry(registries);
        var cache = new ExportCache(builder, registry);
        var gateway = new GatewayMethods(
            builds, new Frontend(builder, sessions, registry, _uploads), new SharedResults(), new LocalImages(builder.Engine), new CacheSources(builder, registry), new ImageConfigs(builder, registry));
        var methods = new Dictionary<string, Func<GrpcCall, Task>>(StringComparer.Ordinal);
        gateway.Map(methods);
        _control = new ControlMethods(builder, sessions, builds, gateway, new ExportResult(new ExportImage(builder, registry), new ExportFiles(builder), cache), new BuildHistory(builder.Engine, _log));
        _control.Map(methods);
        return methods;
    }
}
