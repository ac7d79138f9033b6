using Slipway.Client;
using Slipway.Terminal;

namespace Slipway.Cli.Streams;

/// <summary>Which of the client's streams take part.</summary>
internal sealed record AttachedStreams(bool Stdin, bool Stdout, bool Stderr, bool Tty, string DetachKeys);

/// <summary>The user left with the detach keys; the process goes on.</summary>
internal sealed class DetachedException() : Exception("read escape sequence");

/// <summary>Connects the terminal, or whatever stands in for it, with a process in a container until its output ends.</summary>
internal sealed class AttachSession(HijackedStream connection, AttachedStreams streams)
{
    private const int StandardInput = 0;
    private const int BufferSize = 32 * 1024;

    /// <summary>Copies both ways. The end of standard input ends only the process's input.</summary>
    /// <exception cref="DetachedException">The detach keys were typed.</exception>
    public async Task RunAsync()
    {
        using RawMode? raw = streams is { Tty: true, Stdin: true } && TerminalDevice.IsTerminal(StandardInput)
            ? RawMode.Enter(StandardInput) : null;
        Task input = streams.Stdin ? StartInput(raw is not null) : Task.CompletedTask;
        bool hasOutput = streams.Stdout || streams.Stderr;
        Task output = hasOutput ? OutputAsync() : input;
        if (await Task.WhenAny(input, output) == input)
        {
            // Throws when the user detached.
            await input;
        }

        await output;
    }

    private async Task OutputAsync()
    {
        await using Stream stdout = streams.Stdout ? Console.OpenStandardOutput() : Stream.Null;
        await using Stream stderr = streams.Stderr ? Console.OpenStandardError() : Stream.Null;
        if (streams.Tty)
        {
            await connection.CopyToAsync(stdout, BufferSize);
        }
        else
        {
            await new MultiplexedStream(connection).CopyToAsync(stdout, stderr);
        }
    }

    /// <summary>Reads standard input on a thread of its own, since such a read cannot be cancelled.</summary>
    private Task StartInput(bool watchKeys)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DetachKeys? keys = watchKeys ? new DetachKeys(streams.DetachKeys) : null;
        Thread thread = new(() => Input(keys, done)) { IsBackground = true, Name = "stdin" };
        thread.Start();
        return done.Task;
    }

    private void Input(DetachKeys? keys, TaskCompletionSource done)
    {
        byte[] typed = new byte[BufferSize];
        byte[] passed = new byte[BufferSize * 2];
        try
        {
            using Stream input = Console.OpenStandardInput();
            int count;
            while ((count = input.Read(typed)) > 0)
            {
                if (keys is null)
                {
                    connection.Write(typed, 0, count);
                    continue;
                }

                bool detached = keys.Pass(typed.AsSpan(0, count), passed, out int length);
                connection.Write(passed, 0, length);
                if (detached)
                {
                    done.TrySetException(new DetachedException());
                    return;
                }
            }

            connection.CloseWrite();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The process has ended; what is left of the input goes nowhere.
        }

        done.TrySetResult();
    }
}
