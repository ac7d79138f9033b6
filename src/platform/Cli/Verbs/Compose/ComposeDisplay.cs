using System.Globalization;
using Slipway.Cli.GoTemplate;
using Slipway.Compose.Actions;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Shows progress: a line per object that changes in place on a terminal, a line per change elsewhere.</summary>
/// <param name="output">Where to.</param>
/// <param name="mode"><c>tty</c>, <c>plain</c>, <c>json</c> or <c>quiet</c>.</param>
/// <param name="dryRun">Whether nothing is really done.</param>
/// <param name="time">For how long things take.</param>
internal sealed class ComposeDisplay(TextWriter output, string mode, bool dryRun, TimeProvider time)
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(100);
    private static readonly string[] s_turns = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private sealed record Shown(Progress Progress, long Began, TimeSpan? Took);

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, Shown> _lines = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _terminal = new(1);
    private ITimer? _clock;
    private volatile bool _lent;
    private int _drawn;
    private int _turn;

    /// <summary>Whether lines are redrawn.</summary>
    public bool Live => mode == "tty";

    /// <summary>How builds are shown beside it.</summary>
    public string BuildMode => mode == "json" ? "rawjson" : mode;

    /// <summary>Leaves the terminal to somebody else for a while, one at a time.</summary>
    public async Task<IDisposable> LendAsync(bool wanted)
    {
        if (!wanted)
        {
            return new Turn(() => { });
        }

        await _terminal.WaitAsync();
        Close();
        _lent = true;
        return new Turn(() =>
        {
            _lent = false;
            _terminal.Release();
        });
    }

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
                    Note(progress);
                    Redraw();
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
            _clock?.Dispose();
            _clock = null;
            _lines.Clear();
            _drawn = 0;
        }
    }

    // Times go on while nothing else changes.
    private void Note(Progress progress)
    {
        string subject = Subject(progress);
        long began = _lines.TryGetValue(subject, out Shown? before) && before.Progress.State == ProgressState.Working ? before.Began : time.GetTimestamp();
        _lines[subject] = new Shown(progress, began, progress.State == ProgressState.Working ? null : time.GetElapsedTime(began));
        _clock ??= time.CreateTimer(_ => Tick(), null, s_pace, s_pace);
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_clock is not null && _lines.Values.Any(l => l.Took is null))
            {
                _turn++;
                Redraw();
            }
        }
    }

    private void Redraw()
    {
        if (_lent)
        {
            return;
        }

        (int rows, int columns) = TerminalDevice.Size(2) ?? (24, 80);
        int room = Math.Max(1, rows - 2);
        List<string> lines = [string.Create(CultureInfo.InvariantCulture, $"[+] {(dryRun ? "Dry run " : "Running ")}{_lines.Values.Count(l => l.Took is not null)}/{_lines.Count}")];
        int width = _lines.Keys.Max(k => k.Length);
        lines.AddRange(_lines.OrderBy(l => l.Value.Took is null ? 1 : 0).TakeLast(room - 1).Select(l => Line(l.Key.PadRight(width), l.Value, columns)));
        string up = _drawn > 0 ? string.Create(CultureInfo.InvariantCulture, $"\u001b[{_drawn}A") : "";
        output.Write(up + string.Concat(lines.Select(l => $"\u001b[2K{l}\r\n")));
        output.Flush();
        _drawn = lines.Count;
    }

    private static string Subject(Progress progress) => $"{progress.Kind} {progress.Name}".Trim();

    private string Line(string name, Shown shown, int columns)
    {
        (string mark, int color) = shown.Progress.State switch
        {
            ProgressState.Done => ("✔", 32),
            ProgressState.Failed => ("✘", 31),
            ProgressState.Warning => ("!", 33),
            _ => (s_turns[_turn % s_turns.Length], 36),
        };
        string took = ((shown.Took ?? time.GetElapsedTime(shown.Began)).TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture) + "s";
        string text = $"{name}  {shown.Progress.Status}";
        int room = columns - 3 - took.Length - 2;
        text = room < 1 ? "" : text.Length > room ? text[..room] : text.PadRight(room);
        int status = Math.Min(name.Length + 2, text.Length);
        return string.Create(CultureInfo.InvariantCulture, $" \u001b[{color}m{mark}\u001b[0m {text[..status]}\u001b[{color}m{text[status..]}\u001b[0m \u001b[34m{took}\u001b[0m");
    }

    private sealed class Turn(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
