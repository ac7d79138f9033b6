using System.Net.WebSockets;
using System.Text.Json;
using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Platform.Api;

/// <summary>
/// A command in a container over a websocket, as it goes. The client's first message is an <see cref="ExecOrder"/>. After that, binary messages of
/// the client are standard input, and texts are <see cref="ExecControl"/>; binary messages of the server are output behind one byte that says which
/// (1 or 2, as the streams are numbered), and its last message is an <see cref="ExecEnd"/>.
/// </summary>
internal sealed class ExecSession(WebSocket socket, EngineClient engine)
{
    /// <summary>Name of what is spoken.</summary>
    internal const string Protocol = "slipway.exec";

    private const int BufferSize = 32 * 1024;
    private const int MaxText = 1024 * 1024;
    private const int HangUps = 10;
    private static readonly TimeSpan s_reaction = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(5);

    /// <summary>Keys that in turn end what reads a terminal whose user has gone: interrupt, and end of file.</summary>
    private static readonly byte[][] s_hangUp = [[3], [4]];

    /// <summary>The client's first message.</summary>
    /// <exception cref="PlatformException">It is something else.</exception>
    internal async Task<ExecOrder> OrderAsync(CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        var first = await socket.ReceiveAsync(buffer.AsMemory(), cancellation).ConfigureAwait(false);
        if (first.MessageType != WebSocketMessageType.Text)
        {
            throw Apps.Rules.Invalid("the first message says what is to be run");
        }

        return JsonSerializer.Deserialize(await TextAsync(buffer, first, cancellation).ConfigureAwait(false), ApiJson.Default.ExecOrder)!;
    }

    /// <summary>Runs the command until its output ends or the client has gone.</summary>
    internal async Task RunAsync(string container, ExecOrder order, CancellationToken cancellation)
    {
        // Engines before API 1.42 do not know of the size beforehand, and are told afterwards.
        IReadOnlyList<uint>? size = order is { Tty: true, Rows: > 0 and <= ushort.MaxValue, Columns: > 0 and <= ushort.MaxValue } ? [(uint)order.Rows, (uint)order.Columns] : null;
        var exec = await engine.CreateExecAsync(container, new ExecCreateRequest
        {
            Cmd = order.Command, Tty = order.Tty, AttachStdin = order.Stdin, AttachStdout = true, AttachStderr = true, User = order.User, WorkingDir = order.WorkingDirectory, ConsoleSize = size,
        }, cancellation).ConfigureAwait(false);
        var stream = await engine.StartExecAsync(exec.Id, new ExecStartRequest { Tty = order.Tty, ConsoleSize = size }, cancellation).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        await ResizeAsync(exec.Id, order.Rows, order.Columns, cancellation).ConfigureAwait(false);
        var input = InputAsync(stream, exec.Id, cancellation);
        var output = OutputAsync(stream, order.Tty);
        if (await Task.WhenAny(input, output).ConfigureAwait(false) == input)
        {
            await HangUpAsync(stream, order.Tty, output).ConfigureAwait(false);
            return;
        }

        await output.ConfigureAwait(false);
        var state = await engine.InspectExecAsync(exec.Id, cancellation).ConfigureAwait(false);
        await EndAsync(new ExecEnd(state.ExitCode ?? -1, null), cancellation).ConfigureAwait(false);
        await Task.WhenAny(input, Task.Delay(s_farewell, TimeProvider.System, cancellation)).ConfigureAwait(false);
    }

    /// <summary>Says how it ended and that nothing follows.</summary>
    internal async Task EndAsync(ExecEnd end, CancellationToken cancellation)
    {
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(end, ApiJson.Default.ExecEnd), WebSocketMessageType.Text, true, cancellation).ConfigureAwait(false);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation).ConfigureAwait(false);
    }

    // Ends when the client closes or has gone. Input that nobody reads any more goes nowhere.
    private async Task InputAsync(HijackedStream stream, string exec, CancellationToken cancellation)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), cancellation).ConfigureAwait(false) is var part && part.MessageType != WebSocketMessageType.Close)
            {
                if (part.MessageType == WebSocketMessageType.Binary)
                {
                    await PassAsync(stream, buffer.AsMemory(0, part.Count), cancellation).ConfigureAwait(false);
                    continue;
                }

                var control = JsonSerializer.Deserialize(await TextAsync(buffer, part, cancellation).ConfigureAwait(false), ApiJson.Default.ExecControl)!;
                await ResizeAsync(exec, control.Rows, control.Columns, cancellation).ConfigureAwait(false);
                if (control.End)
                {
                    stream.CloseWrite();
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or JsonException or PlatformException)
        {
            // The client has gone, or says what nobody understands, which is the same.
        }
    }

    private async Task OutputAsync(HijackedStream stream, bool tty)
    {
        var (frames, buffer) = (new MultiplexedStream(stream), new byte[1 + BufferSize]);
        while (true)
        {
            var (source, count) = tty ? (StdStream.Stdout, await stream.ReadAsync(buffer.AsMemory(1)).ConfigureAwait(false)) : await frames.ReadAsync(buffer.AsMemory(1)).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            buffer[0] = (byte)(source == StdStream.Stderr ? 2 : 1);
            await SendAsync(buffer.AsMemory(0, 1 + count)).ConfigureAwait(false);
        }
    }

    // Output for somebody who has gone goes nowhere, so that the command is not held up by it.
    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes, WebSocketMessageType.Binary, true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private static async Task PassAsync(HijackedStream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // The command has ended or closed its input.
        }
    }

    // Without a terminal the command sees the end of its input and goes on, as with docker. A shell at a terminal would wait for ever.
    private static async Task HangUpAsync(HijackedStream stream, bool tty, Task output)
    {
        for (var attempt = 0; tty && attempt < HangUps && !output.IsCompleted; attempt++)
        {
            await PassAsync(stream, s_hangUp[attempt % s_hangUp.Length], CancellationToken.None).ConfigureAwait(false);
            await Task.WhenAny(output, Task.Delay(s_reaction, TimeProvider.System)).ConfigureAwait(false);
        }

        stream.CloseWrite();
        stream.Dispose();
        await output.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ResizeAsync(string exec, int rows, int columns, CancellationToken cancellation)
    {
        if (rows is <= 0 or > ushort.MaxValue || columns is <= 0 or > ushort.MaxValue)
        {
            return;
        }

        try
        {
            await engine.ResizeExecAsync(exec, rows, columns, cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException)
        {
            // The command has just ended; a wrong size is not worth an error.
        }
    }

    // The rest of a text whose first part is in the buffer.
    private async Task<byte[]> TextAsync(byte[] buffer, ValueWebSocketReceiveResult part, CancellationToken cancellation)
    {
        using var text = new MemoryStream();
        while (true)
        {
            text.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return text.ToArray();
            }

            if (text.Length > MaxText)
            {
                throw new PlatformException(Refusal.TooLarge, "the message is too long");
            }

            part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation).ConfigureAwait(false);
        }
    }
}
