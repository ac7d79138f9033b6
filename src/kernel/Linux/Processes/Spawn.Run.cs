using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

/// <summary>What a program that ran to its end left.</summary>
/// <param name="ExitCode">Its exit code, or 128 + the signal that ended it.</param>
/// <param name="Output">Its standard output, cut at the limit.</param>
/// <param name="Error">Its standard error, cut at the limit.</param>
/// <param name="Truncated">Something was cut.</param>
public sealed record RunResult(int ExitCode, byte[] Output, byte[] Error, bool Truncated);

public static partial class Spawn
{
    private const int BufferSize = 16384;

    // A descendant that stays may hold the output open for ever.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program to its end with its output captured, without holding a thread. The program's standard streams are sockets.</summary>
    /// <param name="file">Path of the program.</param>
    /// <param name="argv">All arguments, the program's own name first.</param>
    /// <param name="env">The whole environment as NAME=value.</param>
    /// <param name="watch">Waits for the end.</param>
    /// <param name="stdin">Its standard input; null for /dev/null.</param>
    /// <param name="maxOutputBytes">How much of each output is kept; the rest is read and dropped.</param>
    /// <param name="timeout">After this it is killed.</param>
    /// <param name="cwd">Its working directory, or null for ours.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public static async Task<RunResult> RunAsync(
        string file,
        IReadOnlyList<string> argv,
        IReadOnlyList<string> env,
        ProcessWatch watch,
        ReadOnlyMemory<byte>? stdin,
        int maxOutputBytes,
        TimeSpan timeout,
        string? cwd = null,
        CancellationToken cancellationToken = default)
    {
        var (output, theirOutput) = UnixSockets.CreatePair();
        var (error, theirError) = UnixSockets.CreatePair();
        using (output)
        using (error)
        {
            Socket? input = null;
            int pid;
            using (theirOutput)
            using (theirError)
            {
                (input, pid) = StartRun(file, argv, env, theirOutput, theirError, stdin is not null, cwd);
            }

            using (input)
            {
                return await FollowAsync(pid, file, watch, (input, output, error), stdin, maxOutputBytes, timeout, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static (Socket? Input, int Pid) StartRun(
        string file, IReadOnlyList<string> argv, IReadOnlyList<string> env, SafeFileHandle output, SafeFileHandle error, bool withInput, string? cwd)
    {
        if (!withInput)
        {
            return (null, Start(file, argv, env, [(output, 1), (error, 2)], cwd));
        }

        var (input, theirs) = UnixSockets.CreatePair();
        using (theirs)
        {
            try
            {
                return (input, Start(file, argv, env, [(theirs, 0), (output, 1), (error, 2)], cwd));
            }
            catch
            {
                input.Dispose();
                throw;
            }
        }
    }

    private static async Task<RunResult> FollowAsync(
        int pid,
        string file,
        ProcessWatch watch,
        (Socket? Input, Socket Output, Socket Error) streams,
        ReadOnlyMemory<byte>? stdin,
        int limit,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        using var ended = new CancellationTokenSource();
        var output = CollectAsync(streams.Output, limit, ended.Token);
        var error = CollectAsync(streams.Error, limit, ended.Token);
        var feeding = streams.Input is null ? Task.CompletedTask : FeedAsync(streams.Input, stdin.GetValueOrDefault(), ended.Token);
        using var process = Pidfd.Open(pid);
        using var late = new CancellationTokenSource(timeout);
        int exitCode;
        using (late.Token.Register(() => process?.Signal(Signals.Kill)))
        using (cancellationToken.Register(() => process?.Signal(Signals.Kill)))
        {
            exitCode = await WaitAsync(pid, watch).ConfigureAwait(false);
        }

        ended.CancelAfter(OutputGrace);
        await Task.WhenAll(output, error, feeding).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (late.IsCancellationRequested && exitCode == 128 + Signals.Kill)
        {
            throw new TimeoutException($"{file} did not end within {timeout}");
        }

        var (outputBytes, outputCut) = await output.ConfigureAwait(false);
        var (errorBytes, errorCut) = await error.ConfigureAwait(false);
        return new RunResult(exitCode, outputBytes, errorBytes, outputCut || errorCut);
    }

    private static async Task<(byte[] Bytes, bool Cut)> CollectAsync(Socket from, int limit, CancellationToken ended)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[BufferSize];
        var cut = false;
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, SocketFlags.None, ended).ConfigureAwait(false)) > 0)
            {
                var room = (int)Math.Min(read, limit - kept.Length);
                kept.Write(buffer, 0, room);
                cut |= room < read;
            }
        }
        catch (Exception closed) when (closed is OperationCanceledException or SocketException)
        {
            // What has come so far is what there is.
        }

        return (kept.ToArray(), cut);
    }

    private static async Task FeedAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken ended)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await to.SendAsync(bytes, SocketFlags.None, ended).ConfigureAwait(false)..];
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception closed) when (closed is OperationCanceledException or SocketException)
        {
            // The program does not read its input.
        }
    }
}
