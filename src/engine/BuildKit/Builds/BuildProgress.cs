using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Builds;

/// <summary>What a build tells those who watch it: all of it, in order, also to those who come late.</summary>
internal sealed class BuildProgress(string build, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<StatusResponse> _told = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _steps;
    private bool _ended;

    /// <summary>A new step.</summary>
    internal ProgressStep Step(string name, IEnumerable<ProgressStep>? inputs = null)
    {
        var number = Interlocked.Increment(ref _steps);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{build}\0{number}")));
        return new ProgressStep(this, digest, name, [.. (inputs ?? []).Select(input => input.Digest)]);
    }

    /// <summary>Now.</summary>
    internal Timestamp Now() => Timestamp.FromDateTimeOffset(time.GetUtcNow());

    /// <summary>Tells something.</summary>
    internal void Tell(StatusResponse status)
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _told.Add(status);
            (waiting, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult();
    }

    /// <summary>Everything that was told so far.</summary>
    internal IReadOnlyList<StatusResponse> Told()
    {
        lock (_lock)
        {
            return [.. _told];
        }
    }

    /// <summary>Nothing more comes.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
        }

        _more.TrySetResult();
    }

    /// <summary>Passes everything on until the end.</summary>
    internal async Task FollowAsync(Func<StatusResponse, Task> write, CancellationToken cancel)
    {
        for (var at = 0; ;)
        {
            StatusResponse? next;
            Task more;
            bool ended;
            lock (_lock)
            {
                next = Batch(ref at);
                (more, ended) = (_more.Task, _ended);
            }

            if (next is not null)
            {
                await write(next).ConfigureAwait(false);
            }
            else if (ended)
            {
                return;
            }
            else
            {
                await more.WaitAsync(cancel).ConfigureAwait(false);
            }
        }
    }

    // Several at once, when there are.
    private StatusResponse? Batch(ref int at)
    {
        const int most = 64;
        if (at >= _told.Count)
        {
            return null;
        }

        var batch = _told[at].Clone();
        for (at++; at < _told.Count && batch.Logs.Count < most && batch.Vertexes.Count < most; at++)
        {
            batch.MergeFrom(_told[at]);
        }

        return batch;
    }
}
