using Slipway.Api.Hijack;
using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.Build;
using Slipway.Build.Context;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Serves a connection that was upgraded, until it ends.</summary>
/// <param name="call">What the client asked with: its headers.</param>
/// <param name="connection">The connection.</param>
/// <param name="gone">Cancelled when the client is gone or the daemon stops.</param>
public delegate Task ServeUpgraded(IReadOnlyDictionary<string, IReadOnlyList<string>> call, Stream connection, CancellationToken gone);

/// <summary>A BuildKit build that a client asks for over HTTP.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Session">The client's session; empty when it has none.</param>
/// <param name="Options">Options of BuildKit's Dockerfile frontend.</param>
/// <param name="Exporter">BuildKit's name for how the result is wanted; empty for nowhere.</param>
/// <param name="ExporterOptions">Options of that.</param>
public sealed record SessionBuild(
    string Id, string Session, IReadOnlyDictionary<string, string> Options, string Exporter, IReadOnlyDictionary<string, string> ExporterOptions);

/// <summary>Runs a build and reports what happens.</summary>
/// <param name="build">The build.</param>
/// <param name="context">Its context when that came with the request; null when the session or an address has it.</param>
/// <param name="report">Receives what happens.</param>
/// <param name="gone">Cancelled when the client gives it up.</param>
public delegate Task RunSessionBuild(SessionBuild build, RemoteContext? context, Action<JsonMessage> report, CancellationToken gone);

/// <summary>Gives a context to the build with this id; returns when it has been read.</summary>
public delegate Task UploadContext(string build, Stream context, CancellationToken gone);

/// <summary>The ways to BuildKit's API: connections on which gRPC is spoken, by the client to us and by us to the client, and builds over HTTP.</summary>
/// <param name="builder">Keeps contexts.</param>
/// <param name="grpc">Serves <c>/grpc</c>.</param>
/// <param name="session">Serves <c>/session</c>.</param>
/// <param name="build">Runs builds of <c>POST /build?version=2</c>.</param>
/// <param name="upload">Takes contexts for them.</param>
public sealed class BuildKitEndpoints(Builder builder, ServeUpgraded grpc, ServeUpgraded session, RunSessionBuild build, UploadContext upload)
{
    private const string UploadPrefix = "upload-request:";

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Post("/grpc", call => UpgradeAsync(call, grpc));
        routes.Post("/session", call => UpgradeAsync(call, session));
    }

    /// <summary>Answers <c>POST /build?version=2</c>.</summary>
    internal async Task BuildAsync(ApiCall call)
    {
        if (call.Query.Optional("buildid") is { } id && id.StartsWith(UploadPrefix, StringComparison.Ordinal))
        {
            await upload(id[UploadPrefix.Length..], call.Http.Request.Body, call.Aborted);
            await call.StatusAsync(200);
            return;
        }

        var request = SessionBuildQuery.Read(call.Query);
        await using var output = new BuildOutput(call, quiet: false);
        await output.RunAsync(async report =>
        {
            using var context = call.Query.Optional("remote") is not null ? null : await RemoteContext.DetectAsync(builder.Engine, call.Http.Request.Body, call.Aborted);
            await using var watch = call.WatchClient();
            await build(request, context, report, watch.Gone);
            return BuildResult.None;
        });
    }

    private static async Task UpgradeAsync(ApiCall call, ServeUpgraded serve)
    {
        var headers = call.Http.Request.Headers;
        if (!string.Equals(headers.Upgrade, "h2c", StringComparison.OrdinalIgnoreCase))
        {
            throw EngineException.Invalid("no upgrade proto in request");
        }

        var asked = headers.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)[.. pair.Value.Select(value => value ?? "")], StringComparer.OrdinalIgnoreCase);
        await using var stream = await HijackedStream.TakeWithAsync(call, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n");
        await serve(asked, stream, stream.Gone);
    }
}
