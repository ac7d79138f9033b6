using Slipway.BuildKitApi.Grpc;
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
    public Task<BuildOutcome> RunAsync(BuildOrder order, Action<BuildUpdate> report, CancellationToken cancel = default) =>
        ConnectedAsync(
            order,
            async (channel, plan, request) =>
            {
                var outcome = await SolveAsync(channel, request, report, cancel).ConfigureAwait(false);
                plan.Finish(outcome.Told);
                return outcome;
            },
            cancel);

    private async Task<T> ConnectedAsync<T>(BuildOrder order, Func<GrpcChannel, BuildPlan, SolveRequest, Task<T>> work, CancellationToken cancel)
    {
        var id = Guid.NewGuid().ToString("N");
        await using var plan = await BuildPlan.MakeAsync(order, id, cancel).ConfigureAwait(false);
        await using var session = await BuildSession.OpenAsync(engine, plan.Session, cancel).ConfigureAwait(false);
        return await BuildConnection.UseAsync(engine, channel => work(channel, plan, plan.Request(session.Id)), cancel).ConfigureAwait(false);
    }

    /// <summary>Asks something about the Dockerfile in place of building it.</summary>
    /// <param name="order">What would be built.</param>
    /// <param name="question">BuildKit's name of the question, such as <c>frontend.outline</c>.</param>
    /// <param name="cancel">Gives it up.</param>
    /// <returns>The answer's documents: <c>result.txt</c>, <c>result.json</c>.</returns>
    /// <exception cref="BuildFailedException">The engine cannot answer.</exception>
    public Task<IReadOnlyDictionary<string, string>> AskAsync(BuildOrder order, string question, CancellationToken cancel = default) =>
        ConnectedAsync(order, (channel, _, request) => AskAsync(channel, request, question, cancel), cancel);

    // The client runs the build's outer part: it asks the frontend and keeps what it says.
    private static async Task<IReadOnlyDictionary<string, string>> AskAsync(GrpcChannel channel, SolveRequest request, string question, CancellationToken cancel)
    {
        const string gateway = "/moby.buildkit.v1.frontend.LLBBridge/";
        KeyValuePair<string, string>[] build = [KeyValuePair.Create("buildkit-controlapi-buildid", request.Ref)];
        var building = channel.CallAsync(Control + "Solve", new SolveRequest { Ref = request.Ref, Session = request.Session }, SolveResponse.Parser, cancel);
        var inner = new BuildKitApi.Messages.Gateway.SolveRequest { Frontend = request.Frontend, AllowResultReturn = true, AllowResultArrayRef = true, FrontendOpt = { ["requestid"] = question } };
        inner.FrontendOpt.Add(request.FrontendAttrs);
        try
        {
            var answer = await channel.CallAsync(gateway + "Solve", build, inner, BuildKitApi.Messages.Gateway.SolveResponse.Parser, cancel).ConfigureAwait(false);
            var end = new BuildKitApi.Messages.Gateway.ReturnRequest { Result = new BuildKitApi.Messages.Gateway.Result() };
            await channel.CallAsync(gateway + "Return", build, end, BuildKitApi.Messages.Gateway.ReturnResponse.Parser, cancel).ConfigureAwait(false);
            await building.ConfigureAwait(false);
            return answer.Result?.Metadata.ToDictionary(pair => pair.Key, pair => pair.Value.ToStringUtf8()) ?? [];
        }
        catch (GrpcException e)
        {
            _ = building.ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
            throw BuildFailures.Of(e);
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
