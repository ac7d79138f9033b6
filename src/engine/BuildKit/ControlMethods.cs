using Google.Protobuf.WellKnownTypes;
using Slipway.Build;
using Slipway.Build.Context;
using Slipway.BuildKit.Builds;
using Slipway.BuildKit.History;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.BuildKitApi.Messages.Gateway;
using Slipway.BuildKit.Sessions;
using Slipway.DockerApi;

namespace Slipway.BuildKit;

/// <summary><c>moby.buildkit.v1.Control</c>: builds, their progress, the cache, the worker.</summary>
internal sealed class ControlMethods(Builder builder, SessionTable sessions, Rendezvous<ClientBuild> builds, GatewayMethods gateway, ExportResult export, BuildHistory history)
{
    private const string Service = "/moby.buildkit.v1.Control/";

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    private readonly Rendezvous<BuildProgress> _progress = new("build", builder.Engine.Time);

    internal static string Version { get; } = typeof(ControlMethods).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    internal void Map(Dictionary<string, Func<GrpcCall, Task>> methods)
    {
        methods[Service + "Solve"] = SolveAsync;
        methods[Service + "Status"] = StatusAsync;
        methods[Service + "Info"] = InfoAsync;
        methods[Service + "ListWorkers"] = WorkersAsync;
        methods[Service + "DiskUsage"] = DiskUsageAsync;
        methods[Service + "Prune"] = PruneAsync;
        methods[Service + "ListenBuildHistory"] = ListenAsync;
        methods[Service + "UpdateBuildHistory"] = UpdateAsync;
    }

    /// <summary>What executes builds here: this engine.</summary>
    internal static WorkerRecord Worker() => new()
    {
        Id = "slipway",
        Labels = { ["org.mobyproject.buildkit.worker.executor"] = "containers", ["org.mobyproject.buildkit.worker.snapshotter"] = "overlayfs" },
        Platforms = { Platforms.ToMessage(Oci.Platform.Host) },
        BuildkitVersion = BuildkitVersion(),
    };

    /// <summary>Runs a build to its end.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="context">Its context when that is here already.</param>
    /// <param name="follow">Receives progress until that ends; null when others watch it.</param>
    /// <param name="gone">Cancelled when the client gives it up.</param>
    /// <returns>What the exporters tell.</returns>
    /// <exception cref="GrpcException">It failed.</exception>
    internal async Task<IReadOnlyDictionary<string, string>> RunAsync(Slipway.BuildKitApi.Messages.SolveRequest request, RemoteContext? context, Func<StatusResponse, Task>? follow, CancellationToken gone)
    {
        var session = request.Session.Length == 0 ? Session.None : await sessions.GetAsync(request.Session, gone).ConfigureAwait(false);
        var build = new ClientBuild(request, session, context, builder.Engine.Time, gone);
        await using (build.ConfigureAwait(false))
        {
            builds.Add(request.Ref, build);
            _progress.Add(request.Ref, build.Progress);
            var following = follow is null ? Task.CompletedTask : build.Progress.FollowAsync(follow, gone);
            history.Begin(build);
            try
            {
                ExportCache.Check(request);
                var results = request.Frontend.Length > 0
                    ? await gateway.SolveAsync(build, request.FrontendAttrs, [], []).ConfigureAwait(false)
                    : await ReturnedAsync(build).ConfigureAwait(false);
                var told = await export.RunAsync(build, results).ConfigureAwait(false);
                history.Complete(build, told, null);
                return told;
            }
            catch (Exception e)
            {
                history.Complete(build, new Dictionary<string, string>(), e);
                throw;
            }
            finally
            {
                build.Progress.End();
                builds.Remove(request.Ref);
                _ = ForgetAsync(request.Ref);
                await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SolveAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(Slipway.BuildKitApi.Messages.SolveRequest.Parser).ConfigureAwait(false);
        var answer = new Slipway.BuildKitApi.Messages.SolveResponse();
        foreach (var (name, value) in await RunAsync(request, null, null, call.Gone).ConfigureAwait(false))
        {
            answer.ExporterResponse[name] = value;
        }

        await call.WriteAsync(answer).ConfigureAwait(false);
    }

    // The client runs the build's outer part itself and says what came of it.
    private static async Task<Result> ReturnedAsync(ClientBuild build)
    {
        var returned = await build.Returned.Task.WaitAsync(build.Canceled).ConfigureAwait(false);
        return returned.Error is { Code: not 0 } error ? throw new GrpcException(error) : returned.Result ?? new Result();
    }

    // A client may ask for the progress of a short build when that has ended.
    private async Task ForgetAsync(string build)
    {
        await Task.Delay(Remembered, builder.Engine.Time).ConfigureAwait(false);
        _progress.Remove(build);
    }

    private async Task StatusAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(StatusRequest.Parser).ConfigureAwait(false);
        if (!_progress.Has(request.Ref) && await history.ProgressAsync(request.Ref).ConfigureAwait(false) is { } ended)
        {
            foreach (var status in ended)
            {
                await call.WriteAsync(status).ConfigureAwait(false);
            }

            return;
        }

        var progress = await _progress.GetAsync(request.Ref, call.Gone).ConfigureAwait(false);
        await progress.FollowAsync(call.WriteAsync, call.Gone).ConfigureAwait(false);
    }

    private async Task ListenAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(BuildHistoryRequest.Parser).ConfigureAwait(false);
        call.Begin();
        await history.ListenAsync(request, call.WriteAsync, call.Gone).ConfigureAwait(false);
    }

    private async Task UpdateAsync(GrpcCall call)
    {
        history.Update(await call.ReadAsync(UpdateBuildHistoryRequest.Parser).ConfigureAwait(false));
        await call.WriteAsync(new UpdateBuildHistoryResponse()).ConfigureAwait(false);
    }

    private static async Task InfoAsync(GrpcCall call)
    {
        await call.ReadAsync(InfoRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(new InfoResponse { BuildkitVersion = BuildkitVersion() }).ConfigureAwait(false);
    }

    private static async Task WorkersAsync(GrpcCall call)
    {
        await call.ReadAsync(ListWorkersRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(new ListWorkersResponse { Record = { Worker() } }).ConfigureAwait(false);
    }

    private async Task DiskUsageAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(DiskUsageRequest.Parser).ConfigureAwait(false);
        var filters = CacheFilters.Read(request.Filter);
        await call.WriteAsync(new DiskUsageResponse { Record = { builder.ListCache.Run().Where(record => CacheFilters.Match(record, filters)).Select(Record) } }).ConfigureAwait(false);
    }

    private async Task PruneAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(Slipway.BuildKitApi.Messages.PruneRequest.Parser).ConfigureAwait(false);
        var before = builder.ListCache.Run();
        var filters = CacheFilters.Read(request.Filter);
        var until = request.KeepDuration > 0 ? builder.Engine.Time.GetUtcNow() - TimeSpan.FromTicks(request.KeepDuration / 100) : (DateTimeOffset?)null;
        var keep = Math.Max(request.ReservedSpace, request.MaxUsedSpace);
        var report = await builder.PruneCache.RunAsync(new Build.Cache.PruneRequest(request.All, keep, request.MinFreeSpace, until, filters)).ConfigureAwait(false);
        foreach (var record in before.Where(record => report.CachesDeleted?.Contains(record.ID) == true))
        {
            await call.WriteAsync(Record(record)).ConfigureAwait(false);
        }
    }

    private static UsageRecord Record(BuildCacheRecord record)
    {
        var message = new UsageRecord
        {
            Id = record.ID, Mutable = record.Type is "exec.cachemount" or "source.local", InUse = record.InUse, Size = record.Size, UsageCount = record.UsageCount,
            Description = record.Description, RecordType = record.Type, Shared = record.Shared, Parents = { record.Parents ?? [] },
            CreatedAt = Time(record.CreatedAt),
        };
        if (record.LastUsedAt is { } used)
        {
            message.LastUsedAt = Time(used);
        }

        return message;
    }

    private static Timestamp Time(string text) => GoTime.TryParse(text, out var time) ? Timestamp.FromDateTimeOffset(time) : new Timestamp();

    private static BuildkitVersion BuildkitVersion() => new() { Package = "slipway", Version = Version, Revision = "" };
}
