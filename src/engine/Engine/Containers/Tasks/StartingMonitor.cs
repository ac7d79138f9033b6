using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>
/// A conmon that has been started ahead of what it is to run: it loads and sets itself up, and then waits on its start pipe while the
/// engine writes the bundle. When this is disposed, or the daemon dies, before conmon is let go, it ends without having run anything.
/// </summary>
internal sealed class StartingMonitor : IDisposable
{
    private readonly Socket _start;
    private readonly Socket? _attach;
    private Socket? _sync;

    private StartingMonitor(Socket sync, Socket start, Socket? attach) => (_sync, _start, _attach) = (sync, start, attach);

    /// <summary>Starts conmon.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments, its name first.</param>
    /// <param name="environment">Its environment without the numbers of the pipes.</param>
    /// <param name="attached">Whether it is an exec whose output somebody will take: conmon then also tells when its socket listens.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.Unavailable"/>.</exception>
    internal static StartingMonitor Begin(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, bool attached)
    {
        var (sync, syncTheirs) = UnixSockets.CreatePair();
        // To conmon an end of file would be a sign to go on.
        var (start, startTheirs) = UnixSockets.CreateResettingPair();
        (Socket? attach, SafeFileHandle? attachTheirs) = attached ? UnixSockets.CreatePair() : (null!, null!);
        try
        {
            var pid = Spawn.Start(
                program, arguments, [.. environment, "_OCI_SYNCPIPE=3", "_OCI_STARTPIPE=4", .. attached ? ["_OCI_ATTACHPIPE=5"] : Array.Empty<string>()],
                [(syncTheirs, 3), (startTheirs, 4), .. attachTheirs is null ? Array.Empty<(SafeFileHandle, int)>() : [(attachTheirs, 5)]]);
            // conmon forks into the background and its first process ends at once; that one is ours to reap. Nobody waits for it: what
            // conmon says comes on its pipes, and their end tells of its failure.
            _ = Task.Run(() => Spawn.Wait(pid));
            return new StartingMonitor(sync, start, attach);
        }
        catch (LinuxException e)
        {
            sync.Dispose();
            start.Dispose();
            attach?.Dispose();
            throw new EngineException(ErrorKind.Unavailable, $"cannot start {program}: {e.Message}", e);
        }
        finally
        {
            syncTheirs.Dispose();
            startTheirs.Dispose();
            attachTheirs?.Dispose();
        }
    }

    /// <summary>Lets conmon create the process.</summary>
    /// <param name="attach">For an attached exec: called when its socket listens, before the process exists, so that no output is lost.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <returns>The process, and the channel on which conmon reports its end, if it does.</returns>
    /// <exception cref="EngineException">The runtime refused; the message is the runtime's.</exception>
    internal async Task<ExecProcess> LetGoAsync(Func<ValueTask>? attach, CancellationToken cancel)
    {
        await SignAsync(cancel).ConfigureAwait(false);
        if (_attach is not null && attach is not null)
        {
            // conmon waits once more, after it has said that the socket listens, for us to have connected.
            (await SyncChannel.ReadAsync(_attach, new byte[4096], cancel).ConfigureAwait(false)).PidOrThrow();
            await attach().ConfigureAwait(false);
            await SignAsync(cancel).ConfigureAwait(false);
        }

        var pid = (await SyncChannel.ReadAsync(_sync!, new byte[64 << 10], cancel).ConfigureAwait(false)).PidOrThrow();
        var process = new ExecProcess(pid, _sync!);
        _sync = null;
        return process;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _start.Dispose();
        _attach?.Dispose();
        _sync?.Dispose();
    }

    private async Task SignAsync(CancellationToken cancel)
    {
        try
        {
            await _start.SendAsync(new byte[1], cancel).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // It has ended; what it had to say, if anything, is on the other pipes.
        }
    }
}
