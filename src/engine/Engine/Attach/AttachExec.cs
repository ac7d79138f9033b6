using System.Net.Sockets;
using Slipway.Engine.Execs;
using Slipway.Linux;

namespace Slipway.Engine.Attach;

/// <summary><c>docker exec</c> with streams: starts an exec and carries them until its process ends or the client leaves.</summary>
public sealed class AttachExec(StartExec start, EnginePaths paths, ProcessWatch watch, TimeProvider time)
{
    private readonly AttachPump _pump = new(paths.Staging, watch, time);

    /// <summary>Runs the exec. Its exit code is known when this returns <see cref="AttachEnd.Finished"/>.</summary>
    /// <param name="exec">The exec; it can be started once.</param>
    /// <param name="takePeer">Takes the client's connection over; called when the exec may be started and before its process exists.</param>
    /// <param name="cancel">The client's connection was aborted.</param>
    /// <exception cref="EngineException">As <see cref="StartExec.RunAsync"/>; before <paramref name="takePeer"/> or after it.</exception>
    public async Task<AttachEnd> RunAsync(Exec exec, Func<Task<AttachPeer>> takePeer, CancellationToken cancel)
    {
        Socket? connection = null;
        AttachPeer? peer = null;
        try
        {
            await start.RunAsync(exec, ConnectAsync, cancel).ConfigureAwait(false);
            var end = await _pump.RunAsync(connection!, peer!, Streams(exec), cancel).ConfigureAwait(false);
            if (end == AttachEnd.Finished)
            {
                await exec.Ended.WaitAsync(cancel).ConfigureAwait(false);
            }

            return end;
        }
        finally
        {
            connection?.Dispose();
        }

        async ValueTask ConnectAsync(string directory)
        {
            connection = await ConmonSocket.ConnectAsync(directory, time, cancel).ConfigureAwait(false);
            peer = await takePeer().ConfigureAwait(false);
        }
    }

    private static AttachStreams Streams(Exec exec)
    {
        var request = exec.Request;
        var keys = request.Tty ? DetachKeys.Parse(request.DetachKeys) : null;
        return new AttachStreams(request.AttachStdin, request.AttachStdout || request.Tty, request.AttachStderr, CloseStdin: true, keys);
    }
}
