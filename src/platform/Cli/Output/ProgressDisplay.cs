using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.Streams;
using Slipway.Terminal;

namespace Slipway.Cli.Output;

/// <summary>
/// Shows an engine's progress messages: on a terminal one line per id that is redrawn in place, elsewhere one line per
/// message without the many in between.
/// </summary>
internal sealed class ProgressDisplay(TextWriter output, bool terminal)
{
    private const int BarWidth = 50;
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);

    /// <summary>Follows a stream of messages to its end.</summary>
    /// <param name="answer">Messages, one JSON object per line.</param>
    /// <param name="output">Where to show them; null for nowhere.</param>
    /// <param name="onTerminal">Whether <paramref name="output"/> is a terminal.</param>
    /// <param name="aux">Receives what a message carries beside its text, such as an image's id.</param>
    /// <exception cref="CommandException">A message is an error.</exception>
    public static async Task ShowAsync(Stream answer, TextWriter? output, bool onTerminal, Action<JsonNode>? aux = null)
    {
        ProgressDisplay? display = output is null ? null : new ProgressDisplay(output, onTerminal);
        await FollowAsync(answer, message =>
        {
            if (message["aux"] is { } value)
            {
                aux?.Invoke(value);
            }

            display?.Show(message);
        });
        await (output?.FlushAsync() ?? Task.CompletedTask);
    }

    /// <summary>Follows a stream of messages to its end.</summary>
    /// <param name="answer">Messages, one JSON object per line.</param>
    /// <param name="show">Is given each.</param>
    /// <exception cref="CommandException">A message is an error.</exception>
    public static async Task FollowAsync(Stream answer, Action<JsonNode> show)
    {
        await foreach (JsonNode message in EngineCalls.LinesAsync(answer))
        {
            if (message.Object("errorDetail") is not null || message["error"] is not null)
            {
                string text = message.Object("errorDetail").Text("message") is { Length: > 0 } detail ? detail : message.Text("error");
                throw new CommandException(text);
            }

            show(message);
        }
    }

    /// <summary>Whether the standard stream (1 or 2) is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => TerminalDevice.IsTerminal(descriptor);

    private void Show(JsonNode message)
    {
        string stream = message.Text("stream");
        string id = message.Text("id");
        string progress = Bar(message.Object("progressDetail"));
        if (stream.Length > 0)
        {
            output.Write(stream);
        }
        else if (message.Text("status").Length == 0 && progress.Length == 0)
        {
            return;
        }
        else if (terminal && id.Length > 0)
        {
            Redraw(id, $"{id}: {message.Text("status")} {progress}".TrimEnd());
        }
        else if (progress.Length == 0)
        {
            _lines.Clear();
            output.WriteLine(id.Length > 0 ? $"{id}: {message.Text("status")}" : message.Text("status"));
        }

        output.Flush();
    }

    private void Redraw(string id, string line)
    {
        if (!_lines.TryGetValue(id, out int row))
        {
            _lines.Add(id, _lines.Count);
            output.WriteLine(line);
            return;
        }

        int up = _lines.Count - row;
        output.Write(string.Create(CultureInfo.InvariantCulture, $"\u001b[{up}A\u001b[2K\r{line}\r\u001b[{up}B"));
    }

    /// <summary><c>[=====>     ]  1.2MB/4.5MB</c>, or only the amount when the total is unknown.</summary>
    public static string Bar(JsonObject? detail)
    {
        double current = detail.Double("current");
        double total = detail.Double("total");
        if (current <= 0 && total <= 0)
        {
            return "";
        }

        if (detail.Text("units") is { Length: > 0 } units)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{(long)current} {units}");
        }

        string amount = Units.Size(current, 4).PadLeft(8);
        if (total <= 0)
        {
            return amount;
        }

        int filled = (int)Math.Clamp(current / total * BarWidth, 0, BarWidth);
        string bar = filled == BarWidth ? new string('=', BarWidth) + ">" : (new string('=', filled) + ">").PadRight(BarWidth);
        return $"[{bar}] {amount}/{Units.Size(total, 4)}";
    }
}
