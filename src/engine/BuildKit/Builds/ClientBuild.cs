using Slipway.Build.Context;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages.Gateway;
using Slipway.BuildKit.Sessions;

namespace Slipway.BuildKit.Builds;

/// <summary>One build from a client's <c>Solve</c> until its answer: what was asked, who asked, what is known of it.</summary>
internal sealed class ClientBuild : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FrontendResult> _results = new(StringComparer.Ordinal);
    private readonly List<Func<Task>> _atEnd = [];
    private readonly CancellationTokenSource _cancel;

    internal ClientBuild(Slipway.BuildKitApi.Messages.SolveRequest request, Session session, RemoteContext? context, TimeProvider time, CancellationToken cancel)
    {
        (Request, Session, Context) = (request, session, context);
        (Progress, Started) = (new BuildProgress(request.Ref, time), time.GetUtcNow());
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancel, session.Gone);
    }

    /// <summary>What was asked.</summary>
    internal Slipway.BuildKitApi.Messages.SolveRequest Request { get; }

    /// <summary>The client that asked.</summary>
    internal Session Session { get; }

    /// <summary>Its context when that came with the request.</summary>
    internal RemoteContext? Context { get; }

    /// <summary>What is told of it.</summary>
    internal BuildProgress Progress { get; }

    /// <summary>When it began.</summary>
    internal DateTimeOffset Started { get; }

    /// <summary>Cancelled when the client gives it up or is gone.</summary>
    internal CancellationToken Canceled => _cancel.Token;

    /// <summary>What the client's part of the build ended with.</summary>
    internal TaskCompletionSource<ReturnRequest> Returned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Has something done when the build has ended.</summary>
    internal void AtEnd(Func<Task> work)
    {
        lock (_lock)
        {
            _atEnd.Add(work);
        }
    }

    /// <summary>Keeps a result; it ends with the build.</summary>
    internal string Keep(FrontendResult result)
    {
        var id = Guid.NewGuid().ToString("N");
        lock (_lock)
        {
            _results[id] = result;
        }

        return id;
    }

    /// <summary>A result.</summary>
    /// <exception cref="GrpcException">NotFound.</exception>
    internal FrontendResult Result(string id)
    {
        lock (_lock)
        {
            return _results.GetValueOrDefault(id) ?? throw new GrpcException(GrpcStatus.NotFound, $"no such ref: {id}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync().ConfigureAwait(false);
        foreach (var result in _results.Values)
        {
            await result.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var work in _atEnd)
        {
            await work().ConfigureAwait(false);
        }

        Progress.End();
        _cancel.Dispose();
    }
}
