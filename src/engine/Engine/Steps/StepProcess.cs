using System.Collections.Concurrent;
using System.Text;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Tasks;
using Slipway.Linux;

namespace Slipway.Engine.Steps;

/// <summary>One process of the OCI runtime in the foreground, from start to end.</summary>
internal sealed class StepProcess(EnginePaths paths, ProcessWatch watch, TimeProvider time) : IDisposable
{
    private const int MaxLog = 64 << 10;

    // How long output may keep coming after the end; descendants that hold the pipe are gone with the step's processes.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KillInterval = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Environment = ["GOGC=off", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR=/run"];

    private readonly ConcurrentDictionary<string, SealedProgram> _runtimes = new(StringComparer.Ordinal);

    /// <summary>Runs the bundle of a step.</summary>
    /// <returns>The exit code.</returns>
    internal async Task<int> RunAsync(string id, string runtime, string cgroup, StepOutput output, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var log = Path.Combine(paths.Bundle(id), "runtime.log");
        using var stdout = new StepPipe(StdStream.Stdout, output);
        using var stderr = new StepPipe(StdStream.Stderr, output);
        int code;
        try
        {
            var pid = Spawn.Start(Program(runtime), Arguments(id, runtime, log), Environment, [(stdout.ChildEnd, 1), (stderr.ChildEnd, 2)], newSession: true);
            stdout.Begin();
            stderr.Begin();
            code = await FollowAsync(pid, cgroup, cancel).ConfigureAwait(false);
            await Task.WhenAll(stdout.WhenEnded, stderr.WhenEnded).WaitAsync(OutputGrace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await Task.Run(() => Forget(id, cgroup), CancellationToken.None).ConfigureAwait(false);
        }

        cancel.ThrowIfCancellationRequested();
        return code == 0 || ReadError(log) is not { } error ? code : throw RuntimeErrors.CreateFailed(error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var runtime in _runtimes.Values)
        {
            runtime.Dispose();
        }
    }

    // Killing the group ends the command, and then the runtime ends by itself. It may be about to make the group, hence again and again.
    private async Task<int> FollowAsync(int pid, string cgroup, CancellationToken cancel)
    {
        var exit = Spawn.WaitAsync(pid, watch);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancel.Register(() => cancelled.TrySetResult()))
        {
            await Task.WhenAny(exit, cancelled.Task).ConfigureAwait(false);
        }

        while (!exit.IsCompleted)
        {
            await Task.Run(() => Cgroups.KillAll(cgroup), CancellationToken.None).ConfigureAwait(false);
            await ((Task)exit).WaitAsync(KillInterval, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await exit.ConfigureAwait(false);
    }

    private string Program(string runtime) => _runtimes.GetOrAdd(runtime, path => new SealedProgram(path)).ExecutablePath;

    // Both end with the command. runc would spend a while on taking apart what is taken apart here.
    private string[] Arguments(string id, string runtime, string log) =>
    [
        Path.GetFileName(runtime), "--root", paths.RuntimeState, "--log", log, "run", "--bundle", paths.Bundle(id),
        .. OciRuntimes.IsRunc(runtime) ? (string[])["--keep"] : [], id,
    ];

    private void Forget(string id, string cgroup)
    {
        Cgroups.KillAll(cgroup);
        Cgroups.Remove(cgroup);
        var state = Path.Combine(paths.RuntimeState, id);
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }
    }

    // The runtime's own failures are in its log; the command's are not.
    private static string? ReadError(string log)
    {
        if (!File.Exists(log))
        {
            return null;
        }

        using var file = File.OpenRead(log);
        var buffer = new byte[MaxLog];
        var text = Encoding.UTF8.GetString(buffer, 0, file.ReadAtLeast(buffer, MaxLog, throwOnEndOfStream: false));
        return text.Split('\n').LastOrDefault(line => line.Length > 0 && !line.Contains("level=warn", StringComparison.Ordinal) && !line.Contains("level=info", StringComparison.Ordinal));
    }
}
