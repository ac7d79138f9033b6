using System.Net.Sockets;
using Slipway.DockerApi;
using Slipway.Engine.Attach;
using Slipway.Engine.Containers;
using Slipway.Engine.Execs;

namespace Slipway.Engine.Health;

/// <summary>Runs the command of a health check as an exec that no client sees, and keeps the beginning of its output.</summary>
public sealed class ProbeContainer(ExecTable execs, StartExec start, TimeProvider time)
{
    /// <summary>See <see cref="RunProbe"/>.</summary>
    public async Task<ProbeResult> RunAsync(Container container, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancel)
    {
        var mark = ProbeProcesses.NewMark();
        var exec = execs.New(container, new ExecCreateRequest { Cmd = [.. command], Env = [mark], AttachStdout = true, AttachStderr = true });
        Socket? connection = null;
        try
        {
            await start.RunAsync(exec, async directory => connection = await ConmonSocket.ConnectAsync(directory, time, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
            var output = new OutputHead(HealthMonitor.MaxOutput);
            try
            {
                await FinishAsync(exec, connection!, output, cancel).WaitAsync(timeout, time, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                ProbeProcesses.Kill(container, mark);
                throw;
            }

            return new ProbeResult(exec.ExitCode ?? -1, output.ToArray());
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private static async Task FinishAsync(Exec exec, Socket connection, OutputHead output, CancellationToken cancel)
    {
        try
        {
            var packet = new byte[ConmonSocket.MaxPacket];
            int count;
            while ((count = await connection.ReceiveAsync(packet, SocketFlags.None, cancel).ConfigureAwait(false)) > 0)
            {
                output.Add(packet.AsSpan(1, count - 1));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Its monitor ended; the exit code says the rest.
        }

        await exec.Ended.WaitAsync(cancel).ConfigureAwait(false);
    }

    private sealed class OutputHead(int limit)
    {
        private readonly MemoryStream _kept = new();

        internal void Add(ReadOnlySpan<byte> data) => _kept.Write(data[..Math.Min(data.Length, limit - (int)_kept.Length)]);

        internal byte[] ToArray() => _kept.ToArray();
    }
}
