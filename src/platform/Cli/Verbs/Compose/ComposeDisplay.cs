using System.Globalization;
using Slipway.Cli.GoTemplate;
using Slipway.Compose.Actions;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Shows progress: a line per object that changes in place on a terminal, a line per change elsewhere.</summary>
/// <param name="output">Where to.</param>
/// <param name="mode"><c>tty</c>, <c>plain</c>, <c>json</c> or <c>quiet</c>.</param>
/// <param name="dryRun">Whether nothing is really done.</param>
internal sealed class ComposeDisplay(TextWriter output, string mode, bool dryRun)
{
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, Progress> _lines = new(StringComparer.Ordinal);
    private int _drawn;

    /// <summary>Whether lines are redrawn.</summary>
    public bool Live => mode == "tty";

    public void Show(Progress progress)
    {
        lock (_lock)
        {
            switch (mode)
            {
                case "quiet":
                    break;
                case "json":
                    output.WriteLine(Values.JsonText(new System.Text.Json.Nodes.JsonObject
                    {
                        ["dry-run"] = dryRun, ["id"] = Subject(progress), ["status"] = progress.Status, ["error"] = progress.State == ProgressState.Failed,
                    }));
                    break;
                case "tty" when progress.State != ProgressState.Warning || progress.Kind.Length > 0:
                    Redraw(progress);
                    break;
                default:
                    output.WriteLine(progress is { State: ProgressState.Warning, Kind: "" } ? "warning: " + progress.Status : $"{(dryRun ? " DRY-RUN MODE - " : "")} {Subject(progress)}  {progress.Status}");
                    break;
            }
        }
    }

    /// <summary>Ends the lines that are redrawn: what comes next stands below them.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _lines.Clear();
            _drawn = 0;
        }
    }

    private void Redraw(Progress progress)
    {
        _lines[Subject(progress)] = progress;
        (int rows, int columns) = TerminalDevice.Size(2) ?? (24, 80);
        int room = Math.Max(1, rows - 2);
        List<string> lines = [string.Create(CultureInfo.InvariantCulture, $"[+] {(dryRun ? "Dry run " : "Running ")}{_lines.Values.Count(l => l.State != ProgressState.Working)}/{_lines.Count}")];
        int width = _lines.Keys.Max(k => k.Length);
        lines.AddRange(_lines.OrderBy(l => l.Value.State == ProgressState.Working ? 1 : 0).TakeLast(room - 1).Select(l => Line(l.Key.PadRight(width), l.Value)));
        string up = _drawn > 0 ? string.Create(CultureInfo.InvariantCulture, $"\u001b[{_drawn}A") : "";
        output.Write(up + string.Concat(lines.Select(l => $"\u001b[2K{Cut(l, columns)}\r\n")));
        output.Flush();
        _drawn = lines.Count;
    }

    private static string Subject(Progress progress) => $"{progress.Kind} {progress.Name}".Trim();

    private static string Line(string name, Progress progress) => progress.State switch
    {
        ProgressState.Done => $" \u001b[32m✔\u001b[0m {name}  \u001b[32m{progress.Status}\u001b[0m",
        ProgressState.Failed => $" \u001b[31m✘\u001b[0m {name}  \u001b[31m{progress.Status}\u001b[0m",
        ProgressState.Warning => $" \u001b[33m!\u001b[0m {name}  \u001b[33m{progress.Status}\u001b[0m",
        _ => $" \u001b[36m…\u001b[0m {name}  {progress.Status}",
    };

    // Control characters take no room; lines of names are short, so cutting by characters is near enough.
    private static string Cut(string line, int columns) => line.Length <= columns + 18 ? line : line[..(columns + 17)] + "\u001b[0m";
}
