using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>What conmon is asked to supervise.</summary>
/// <param name="ContainerId">The container's id, which is also runc's id for it.</param>
/// <param name="BundlePath">Directory for conmon's pid files, <c>ctl</c> fifo and <c>attach</c> socket; for a container also its OCI bundle.</param>
/// <param name="ExitDirectory">Where conmon leaves the exit code in a file named after the container.</param>
/// <param name="Runtime">Path of the OCI runtime.</param>
/// <param name="RuntimeArguments">Arguments of the runtime before all others.</param>
/// <param name="LogPath">The log file, or null for none.</param>
/// <param name="Terminal">Whether the process gets a terminal.</param>
/// <param name="Stdin">Whether the process gets a stdin that attached clients feed.</param>
/// <param name="LeaveStdinOpen">Whether stdin stays open when the attached client that feeds it leaves.</param>
internal sealed record MonitorRequest(string ContainerId, string BundlePath, string ExitDirectory, string Runtime, IReadOnlyList<string> RuntimeArguments, string? LogPath, bool Terminal, bool Stdin, bool LeaveStdinOpen);

/// <summary>
/// Starts conmon(8), one per container and per exec: it creates the process through the OCI runtime, holds its stdio, writes its log
/// and records its exit code, and outlives this daemon.
/// </summary>
internal sealed class ConmonMonitor(EnginePaths paths) : IDisposable
{
    private readonly ConcurrentDictionary<string, SealedProgram> _runtimes = new(StringComparer.Ordinal);
    private const string Conmon = "/usr/bin/conmon";

    // The runtime is a Go program that lives for some milliseconds: it needs no garbage collection.
    // conmon 2.1.6 reads a client's record once more after freeing it, when a write to that client failed before its end was read
    // (terminate_remote_sock). That is harmless while the heap is not given back to the kernel, and kills conmon where it is.
    private static readonly string[] Environment = ["MALLOC_TRIM_THRESHOLD_=1073741824", "GOGC=off", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR=/run"];

    /// <summary>Creates a container (<c>runc create</c>): its process is set up and waits to be started.</summary>
    /// <returns>The init's process id on the host.</returns>
    /// <exception cref="EngineException">The runtime refused; the message is the runtime's.</exception>
    internal async Task<int> CreateAsync(MonitorRequest request, CancellationToken cancel)
    {
        var (ours, theirs) = UnixSockets.CreatePair();
        using (ours)
        {
            Start(Arguments(request), [(theirs, 3)], ["_OCI_SYNCPIPE=3"]);
            return (await SyncChannel.ReadAsync(ours, new byte[64 << 10], cancel).ConfigureAwait(false)).PidOrThrow(RuntimeErrors.CreateFailed);
        }
    }

    /// <summary>Runs a further process in a container (<c>runc exec</c>).</summary>
    /// <param name="request">What to supervise; <see cref="MonitorRequest.BundlePath"/> is the exec's own directory.</param>
    /// <param name="processSpec">Path of the OCI process document.</param>
    /// <param name="attach">Called when conmon's attach socket listens, before the process is created, so that no output is lost; null to run unattached.</param>
    /// <param name="cancel">Gives up waiting.</param>
    internal async Task<ExecProcess> ExecAsync(MonitorRequest request, string processSpec, Func<ValueTask>? attach, CancellationToken cancel)
    {
        var (sync, syncTheirs) = UnixSockets.CreatePair();
        try
        {
            List<string> arguments = [.. Arguments(request), "--exec", "--exec-process-spec", processSpec];
            if (attach is null)
            {
                Start(arguments, [(syncTheirs, 3)], ["_OCI_SYNCPIPE=3"]);
            }
            else
            {
                arguments.Add("--exec-attach");
                await StartAttachedAsync(arguments, syncTheirs, attach, cancel).ConfigureAwait(false);
            }

            var buffer = new byte[64 << 10];
            var pid = (await SyncChannel.ReadAsync(sync, buffer, cancel).ConfigureAwait(false)).PidOrThrow(RuntimeErrors.ExecFailed);
            return new ExecProcess(pid, sync);
        }
        catch
        {
            sync.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var runtime in _runtimes.Values)
        {
            runtime.Dispose();
        }
    }

    // conmon waits twice on its start pipe: once at its own start, and once more, after it has said on the attach pipe that the
    // socket listens, for us to have connected.
    private async Task StartAttachedAsync(List<string> arguments, Microsoft.Win32.SafeHandles.SafeFileHandle syncTheirs, Func<ValueTask> attach, CancellationToken cancel)
    {
        var (attachPipe, attachTheirs) = UnixSockets.CreatePair();
        var (startPipe, startTheirs) = UnixSockets.CreatePair();
        using (attachPipe)
        using (startPipe)
        {
            Start(arguments, [(syncTheirs, 3), (attachTheirs, 4), (startTheirs, 5)], ["_OCI_SYNCPIPE=3", "_OCI_ATTACHPIPE=4", "_OCI_STARTPIPE=5"]);
            await startPipe.SendAsync(new byte[1], cancel).ConfigureAwait(false);
            (await SyncChannel.ReadAsync(attachPipe, new byte[4096], cancel).ConfigureAwait(false)).PidOrThrow(RuntimeErrors.ExecFailed);
            await attach().ConfigureAwait(false);
            await startPipe.SendAsync(new byte[1], cancel).ConfigureAwait(false);
        }
    }

    // conmon forks into the background and its first process ends at once; that one is ours to reap. Nobody waits for it: what conmon says
    // comes on its pipes, and their end tells of its failure.
    private static void Start(IReadOnlyList<string> arguments, IReadOnlyList<(Microsoft.Win32.SafeHandles.SafeFileHandle Handle, int ChildFd)> handles, IReadOnlyList<string> variables)
    {
        try
        {
            var pid = Spawn.Start(Conmon, arguments, [.. Environment, .. variables], handles);
            _ = Task.Run(() => Spawn.Wait(pid));
        }
        catch (LinuxException e)
        {
            throw new EngineException(ErrorKind.Unavailable, $"cannot start {Conmon}: {e.Message}", e);
        }
        finally
        {
            foreach (var (handle, _) in handles)
            {
                handle.Dispose();
            }
        }
    }

    private List<string> Arguments(MonitorRequest request)
    {
        List<string> arguments =
        [
            "conmon", "--api-version", "1", "--cid", request.ContainerId, "--cuuid", request.ContainerId,
            "--runtime", _runtimes.GetOrAdd(request.Runtime, path => new SealedProgram(path)).ExecutablePath,
            .. request.RuntimeArguments.SelectMany(argument => (string[])["--runtime-arg", argument]), "--runtime-arg", "--root", "--runtime-arg", paths.RuntimeState,
            "--bundle", request.BundlePath, "--container-pidfile", Path.Combine(request.BundlePath, "pid"),
            "--conmon-pidfile", Path.Combine(request.BundlePath, "conmon.pid"),
            "--exit-dir", request.ExitDirectory, "--socket-dir-path", request.BundlePath, "--full-attach",
            "--log-level", "error", "--log-path", request.LogPath is { } log ? "k8s-file:" + log : "none", "--no-sync-log",
        ];
        if (request.Terminal)
        {
            arguments.Add("--terminal");
        }

        if (request.Stdin)
        {
            arguments.Add("--stdin");
        }

        if (request.LeaveStdinOpen)
        {
            arguments.Add("--leave-stdin-open");
        }

        return arguments;
    }
}

/// <summary>A process made by <c>runc exec</c>, and the channel on which conmon will report its end.</summary>
/// <param name="Pid">Its process id on the host.</param>
/// <param name="Sync">conmon's sync channel.</param>
internal sealed record ExecProcess(int Pid, Socket Sync) : IDisposable
{
    /// <summary>Waits for the process to end.</summary>
    /// <returns>Its exit code; 255 when conmon ended without telling.</returns>
    internal async Task<int> ExitCodeAsync(CancellationToken cancel)
    {
        var message = await SyncChannel.ReadAsync(Sync, new byte[4096], cancel).ConfigureAwait(false);
        return message.Data ?? 255;
    }

    /// <inheritdoc/>
    public void Dispose() => Sync.Dispose();
}

/// <summary>conmon's messages to its parent: one JSON object per line.</summary>
/// <param name="Data">A process id, an exit code, or a negative number for a failure; null when conmon said nothing.</param>
/// <param name="Message">Why it failed.</param>
internal readonly record struct SyncMessage(int? Data, string? Message)
{
    /// <summary>The process id, when this message brings one.</summary>
    /// <param name="failure">Makes the error of what the runtime said.</param>
    /// <exception cref="EngineException">It brings a failure, or nothing.</exception>
    internal int PidOrThrow(Func<string, EngineException> failure) => Data is >= 0 and { } pid
        ? pid
        : throw failure(string.IsNullOrWhiteSpace(Message) ? "the container monitor ended unexpectedly" : Message);
}

/// <summary>Reads <see cref="SyncMessage"/>s.</summary>
internal static class SyncChannel
{
    /// <summary>Reads the next line; an empty message at the end of the stream.</summary>
    internal static async Task<SyncMessage> ReadAsync(Socket socket, byte[] buffer, CancellationToken cancel)
    {
        var length = 0;
        while (length < buffer.Length)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.Peek, cancel).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            // Peek first, so that nothing past the line is taken: the next message belongs to the next reader.
            var newline = buffer.AsSpan(length, count).IndexOf((byte)'\n');
            var take = newline >= 0 ? newline + 1 : count;
            await socket.ReceiveAsync(buffer.AsMemory(length, take), SocketFlags.None, cancel).ConfigureAwait(false);
            length += take;
            if (newline >= 0)
            {
                break;
            }
        }

        return length == 0 ? default : Parse(buffer.AsMemory(0, length));
    }

    private static SyncMessage Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return new SyncMessage(
                document.RootElement.TryGetProperty("data", out var data) ? data.GetInt32() : null,
                document.RootElement.TryGetProperty("message", out var message) ? message.GetString() : null);
        }
        catch (JsonException)
        {
            // A message that was cut short still says something.
            return new SyncMessage(-1, System.Text.Encoding.UTF8.GetString(line.Span));
        }
    }
}
