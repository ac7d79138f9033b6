using System.Diagnostics;
using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Execs;

/// <summary>A further process in a running container: what was asked for, and how it went. Kept in memory until its container goes.</summary>
public sealed class Exec(string id, Container container, ExecCreateRequest request)
{
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Id { get; } = id;

    /// <summary>The container it runs in.</summary>
    public Container Container { get; } = container;

    /// <summary>What was asked for.</summary>
    public ExecCreateRequest Request { get; } = request;

    /// <summary>Whether its process exists now.</summary>
    public bool Running { get; internal set; }

    /// <summary>Its process id on the host; 0 before it is started.</summary>
    public int Pid { get; internal set; }

    /// <summary>Its exit code; null until it has ended.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>When it ended, as a time stamp of the monotonic clock.</summary>
    internal long EndedAt { get; private set; }

    /// <summary>The directory with conmon's attach socket and control fifo.</summary>
    internal string Directory { get; init; } = "";

    private int _started;

    /// <summary>Completes with the exit code.</summary>
    public Task<int> Ended => _ended.Task;

    /// <summary>True for the first caller only: an exec runs once.</summary>
    internal bool TryStart() => Interlocked.Exchange(ref _started, 1) == 0;

    /// <summary>Records the end.</summary>
    internal void Complete(int exitCode)
    {
        Running = false;
        EndedAt = Stopwatch.GetTimestamp();
        ExitCode = exitCode;
        _ended.TrySetResult(exitCode);
    }
}
