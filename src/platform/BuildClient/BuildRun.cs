using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;
using Slipway.BuildKitApi.Messages;
using Slipway.Client;

namespace Slipway.BuildClient;

/// <summary>
/// Builds with BuildKit's API of an engine, this one or Docker's: over one connection the client asks for the build and follows it, over another the
/// engine asks the client for files, secrets, agents and credentials.
/// </summary>
/// <param name="engine">The engine.</param>
public sealed class BuildRun(EngineClient engine)
{
    private const string Control = "/moby.buildkit.v1.Control/";

    /// <summary>Builds.</summary>
    /// <param name="order">What is wanted.</param>
    /// <param name="report">Is told what happens, in order, never twice at once.</param>
    /// <param name="cancel">Gives the build up; the engine stops its work.</param>
    /// <exception cref="BuildFailedException">It failed.</exception>
    /// <exception cref="EngineApiException">The engine has no such API, or refuses.</exception>
    public async Task<BuildOutcome> RunAsync(BuildOrder order, Action<BuildUpdate> report, CancellationToken cancel = default)
    {
        var id = Guid.NewGuid().ToString("N");
        await using var plan = await BuildPlan.MakeAsync(order, id, cancel).ConfigureAwait(false);
        await using var session = await BuildSession.OpenAsync(engine, plan.Session, cancel).ConfigureAwait(false);
        await using var stream = await engine.UpgradeAsync("/grpc", "h2c", "", cancel).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var connection = new Http2Connection(stream, null);
        var serving = connection.RunAsync(stop.Token);
        try
        {
            return await SolveAsync(new GrpcChannel(connection), plan.Request(session.Id), report, cancel).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await serving.ConfigureAwait(false);
        }
    }

    private static async Task<BuildOutcome> SolveAsync(GrpcChannel channel, SolveRequest request, Action<BuildUpdate> report, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var following = FollowAsync(channel, request.Ref, report, stop.Token);
        try
        {
            var solving = channel.CallAsync(Control + "Solve", request, SolveResponse.Parser, cancel);
            var answer = await solving.ConfigureAwait(false);
            await following.ConfigureAwait(false);
            return new BuildOutcome(request.Ref, new Dictionary<string, string>(answer.ExporterResponse));
        }
        catch (GrpcException e)
        {
            // What was printed before the failure is still to come, and soon.
            await Task.WhenAny(following, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, cancel)).ConfigureAwait(false);
            throw BuildFailures.Of(e);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task FollowAsync(GrpcChannel channel, string build, Action<BuildUpdate> report, CancellationToken cancel)
    {
        try
        {
            using var call = await channel.OpenAsync(Control + "Status", [], cancel).ConfigureAwait(false);
            await call.WriteAsync(new StatusRequest { Ref = build }, cancel).ConfigureAwait(false);
            call.EndWriting();
            while (await call.ReadAsync(StatusResponse.Parser, cancel).ConfigureAwait(false) is { } status)
            {
                report(BuildUpdates.Of(status));
            }
        }
        catch (GrpcException)
        {
            // The build's own answer says what is wrong.
        }
    }
}
