using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Slipway.Build.Graph;
using Slipway.BuildKit.Builds;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using GrpcError = Slipway.BuildKitApi.Messages.Status;

namespace Slipway.BuildKit.History;

/// <summary>The last builds: what was asked, what came of it, and what was told meanwhile. Survives restarts.</summary>
internal sealed class BuildHistory(SlipwayEngine engine, ILogger log)
{
    // BuildKit's bound.
    private const int MostKept = 50;

    // Who does not read is let go.
    private const int MostWaiting = 1000;

    private readonly Lock _lock = new();
    private readonly BuildFiles _files = new(engine.Paths, log);
    private readonly List<Channel<BuildHistoryEvent>> _listeners = [];
    private Dictionary<string, BuildHistoryRecord>? _records;
    private Task _saving = Task.CompletedTask;

    private Dictionary<string, BuildHistoryRecord> Records => _records ??= _files.List().ToDictionary(record => record.Ref, StringComparer.Ordinal);

    /// <summary>Notes that a build begins.</summary>
    internal void Begin(ClientBuild build)
    {
        if (build.Request.Internal)
        {
            return;
        }

        var record = new BuildHistoryRecord { Ref = build.Request.Ref, Frontend = build.Request.Frontend, CreatedAt = Timestamp.FromDateTimeOffset(build.Started), Exporters = { ExportersOf(build.Request) } };
        Describe(record, build.Request.FrontendAttrs);
        lock (_lock)
        {
            Records[record.Ref] = record;
            Tell(BuildHistoryEventType.Started, record);
        }
    }

    /// <summary>Notes how a build ended, and keeps it.</summary>
    internal void Complete(ClientBuild build, IReadOnlyDictionary<string, string> told, Exception? error)
    {
        lock (_lock)
        {
            if (!Records.TryGetValue(build.Request.Ref, out var record))
            {
                return;
            }

            var progress = build.Progress.Told();
            Count(record, progress);
            record.CompletedAt = Timestamp.FromDateTimeOffset(engine.Time.GetUtcNow());
            record.Generation++;
            record.ExporterResponse.Add(told.ToDictionary(pair => pair.Key, pair => pair.Value));
            record.Error = error is null ? null : (error as GrpcException)?.Status ?? new GrpcError { Code = (int)(error is OperationCanceledException ? GrpcStatus.Canceled : GrpcStatus.Unknown), Message = Failures.Text(error) };
            Tell(BuildHistoryEventType.Complete, record);
            var stored = record.Clone();
            Save(() => _files.Write(stored, progress));
            foreach (var old in Records.Values.Where(old => old.CompletedAt is not null && !old.Pinned).OrderByDescending(old => old.CreatedAt).Skip(MostKept).ToList())
            {
                Remove(old);
            }
        }
    }

    /// <summary>What was told during a build that has ended; null when it is not kept.</summary>
    internal async Task<IReadOnlyList<StatusResponse>?> ProgressAsync(string build)
    {
        Task saving;
        lock (_lock)
        {
            if (!Records.ContainsKey(build))
            {
                return null;
            }

            saving = _saving;
        }

        await saving.ConfigureAwait(false);
        return _files.Progress(build);
    }

    /// <summary>Tells of builds: those that are kept, and then, unless only these are wanted, what happens.</summary>
    internal async Task ListenAsync(BuildHistoryRequest request, Func<BuildHistoryEvent, Task> write, CancellationToken cancel)
    {
        var events = Channel.CreateBounded<BuildHistoryEvent>(MostWaiting);
        lock (_lock)
        {
            var present = Records.Values.Where(record => Wanted(request, record)).OrderByDescending(record => record.CreatedAt);
            foreach (var record in request.Limit > 0 ? present.Take(request.Limit) : present)
            {
                events.Writer.TryWrite(Event(record.CompletedAt is null ? BuildHistoryEventType.Started : BuildHistoryEventType.Complete, record));
            }

            if (request.EarlyExit)
            {
                events.Writer.Complete();
            }
            else
            {
                _listeners.Add(events);
            }
        }

        try
        {
            await foreach (var happened in events.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                if (Wanted(request, happened.Record) || happened.Type != BuildHistoryEventType.Started)
                {
                    await write(happened).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _listeners.Remove(events);
            }
        }
    }

    /// <summary>Pins a build, so that it is kept, or removes it.</summary>
    /// <exception cref="GrpcException">NotFound; FailedPrecondition: it is under way.</exception>
    internal void Update(UpdateBuildHistoryRequest request)
    {
        lock (_lock)
        {
            var record = Records.GetValueOrDefault(request.Ref) ?? throw new GrpcException(GrpcStatus.NotFound, $"no build record {request.Ref}");
            if (record.CompletedAt is null)
            {
                throw new GrpcException(GrpcStatus.FailedPrecondition, $"build {request.Ref} is under way");
            }

            if (request.Delete)
            {
                Remove(record);
                return;
            }

            if (!request.Finalize)
            {
                record.Pinned = request.Pinned;
                record.Generation++;
                var changed = record.Clone();
                Save(() => _files.Change(changed));
            }
        }
    }

    private static bool Wanted(BuildHistoryRequest request, BuildHistoryRecord record) =>
        (request.Ref.Length == 0 || record.Ref == request.Ref) && (!request.ActiveOnly || record.CompletedAt is null);

    private static IEnumerable<Exporter> ExportersOf(SolveRequest request) =>
        request.Exporters.Count > 0 ? request.Exporters : request.Exporter.Length > 0 ? [new Exporter { Type = request.Exporter, Attrs = { request.ExporterAttrs } }] : [];

    // Credentials in addresses are nobody's who reads this later.
    private static void Describe(BuildHistoryRecord record, IReadOnlyDictionary<string, string> options)
    {
        foreach (var (name, value) in options)
        {
            record.FrontendAttrs[name] = Redaction.Apply(value);
        }
    }

    private static void Count(BuildHistoryRecord record, IReadOnlyList<StatusResponse> progress)
    {
        var steps = progress.SelectMany(status => status.Vertexes).GroupBy(vertex => vertex.Digest).Select(same => same.Last()).ToList();
        (record.NumTotalSteps, record.NumCachedSteps) = (steps.Count, steps.Count(step => step.Cached));
        (record.NumCompletedSteps, record.NumWarnings) = (steps.Count(step => step.Completed is not null), progress.Sum(status => status.Warnings.Count));
    }

    private static BuildHistoryEvent Event(BuildHistoryEventType type, BuildHistoryRecord record) => new() { Type = type, Record = record.Clone() };

    private void Remove(BuildHistoryRecord record)
    {
        Records.Remove(record.Ref);
        Tell(BuildHistoryEventType.Deleted, record);
        Save(() => _files.Delete(record.Ref));
    }

    private void Tell(BuildHistoryEventType type, BuildHistoryRecord record)
    {
        foreach (var listener in _listeners)
        {
            if (!listener.Writer.TryWrite(Event(type, record)))
            {
                listener.Writer.TryComplete();
            }
        }
    }

    // In order, and nobody waits.
    private void Save(Action work) => _saving = _saving.ContinueWith(_ => work(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
