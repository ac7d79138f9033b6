using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Apps;

/// <summary>
/// A command in a container of an application, connected with our standard streams through the platform. Texts say what is to be run and how it ended,
/// binary messages are input, and output behind a byte that says which.
/// </summary>
internal sealed class RemoteCommand : IDisposable
{
    private const string Protocol = "slipway.exec";
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int BufferSize = 32 * 1024;

    private readonly ClientWebSocket _socket;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private RemoteCommand(ClientWebSocket socket) => _socket = socket;

    /// <summary>Runs what a call asks for.</summary>
    /// <returns>The command's exit code.</returns>
    public static async Task<int> RunAsync(Invocation call, PlatformConnection platform)
    {
        (bool input, bool tty) = (call.Flags.Bool("interactive"), call.Flags.Bool("tty"));
        if (input && tty && !TerminalDevice.IsTerminal(StandardInput))
        {
            throw new CommandException("the input device is not a TTY");
        }

        // As with kubectl, the command may be set apart.
        IEnumerable<string> words = call.Arguments.Skip(call.Arguments[1] == "--" ? 2 : 1);
        using RemoteCommand command = new(await platform.DialAsync(AppVerbs.Path(call) + "/exec", Protocol));
        (int Rows, int Columns)? size = tty ? TerminalDevice.Size(StandardOutput) : null;
        await command.TextAsync(new JsonObject
        {
            ["command"] = JsonBuild.Strings([.. words]), ["process"] = call.Flags.String("process"), ["replica"] = call.Flags.Int("replica"), ["tty"] = tty, ["stdin"] = input,
            ["rows"] = size?.Rows ?? 0, ["columns"] = size?.Columns ?? 0, ["user"] = call.Flags.String("user"), ["workingDirectory"] = call.Flags.String("workdir"),
        });
        return await command.FollowAsync(input, tty);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _turn.Dispose();
    }

    private async Task<int> FollowAsync(bool input, bool tty)
    {
        using RawMode? raw = input && tty ? RawMode.Enter(StandardInput) : null;
        using TerminalSize? size = tty && TerminalDevice.IsTerminal(StandardOutput)
            ? await TerminalSize.FollowAsync((rows, columns) => TextAsync(new JsonObject { ["rows"] = rows, ["columns"] = columns })) : null;
        if (input)
        {
            // A read of standard input cannot be cancelled; the thread ends with the process.
            new Thread(Input) { IsBackground = true, Name = "stdin" }.Start();
        }

        await using Stream stdout = Console.OpenStandardOutput();
        await using Stream stderr = Console.OpenStandardError();
        return await OutputAsync(stdout, stderr);
    }

    private void Input()
    {
        byte[] typed = new byte[BufferSize];
        using Stream input = Console.OpenStandardInput();
        for (int count; (count = input.Read(typed)) > 0;)
        {
            SendAsync(typed.AsMemory(0, count), WebSocketMessageType.Binary).GetAwaiter().GetResult();
        }

        TextAsync(new JsonObject { ["end"] = true }).GetAwaiter().GetResult();
    }

    private async Task<int> OutputAsync(Stream stdout, Stream stderr)
    {
        byte[] buffer = new byte[BufferSize * 2];
        using MemoryStream text = new();
        Stream? target = null;
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is var part && part.MessageType != WebSocketMessageType.Close)
            {
                if (part.MessageType == WebSocketMessageType.Text)
                {
                    text.Write(buffer, 0, part.Count);
                    if (part.EndOfMessage)
                    {
                        return End(JsonNode.Parse(text.ToArray()));
                    }

                    continue;
                }

                int start = target is null && part.Count > 0 ? 1 : 0;
                target ??= part.Count > 0 && buffer[0] == 2 ? stderr : stdout;
                await target.WriteAsync(buffer.AsMemory(start, part.Count - start));
                target = part.EndOfMessage ? null : target;
            }
        }
        catch (WebSocketException)
        {
            // Said below.
        }

        throw new CommandException("the connection to the platform has ended");
    }

    private static int End(JsonNode? end) =>
        end.Text("error") is { Length: > 0 } error ? throw new CommandException("Error response from the platform: " + error, 126) : (int)end.Long("exitCode");

    private Task TextAsync(JsonObject text) => SendAsync(Encoding.UTF8.GetBytes(text.ToJsonString()), WebSocketMessageType.Text);

    // One message at a time; when the command has ended, what is left to say goes nowhere.
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type)
    {
        try
        {
            await _turn.WaitAsync();
            try
            {
                await _socket.SendAsync(bytes, type, endOfMessage: true, CancellationToken.None);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
        }
    }
}
