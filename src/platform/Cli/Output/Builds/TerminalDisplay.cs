using System.Text;
using Slipway.BuildClient;
using Slipway.Terminal;

namespace Slipway.Cli.Output.Builds;

/// <summary>A picture of the build that is redrawn in place: each step with its time, the last lines of those that run.</summary>
internal sealed class TerminalDisplay : BuildDisplay
{
    private const int ShownLines = 6;

    private static readonly TimeSpan s_often = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly BuildSteps _steps = new();
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _begun;
    private readonly ITimer _timer;
    private int _drawn;
    private bool _ended;

    public TerminalDisplay(TextWriter output, TimeProvider time)
        : base(output)
    {
        (_time, _begun) = (time, time.GetUtcNow());
        _timer = time.CreateTimer(_ => Draw(), null, s_often, s_often);
    }

    public override void Show(BuildUpdate update)
    {
        lock (_lock)
        {
            _steps.Take(update);
        }
    }

    public override void End()
    {
        Finish();
        WarningReport.Write(Output, _steps);
    }

    public override void Fail(BuildFailedException failure)
    {
        Finish();
        FailureReport.Write(Output, _steps, failure);
    }

    public override void Dispose()
    {
        _timer.Dispose();
        base.Dispose();
    }

    private void Finish()
    {
        _timer.Dispose();
        lock (_lock)
        {
            DrawNow(all: true);
            _ended = true;
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            if (!_ended)
            {
                DrawNow(all: false);
            }
        }
    }

    // The window shows the end of a long list, and the whole stays when the build has ended.
    private void DrawNow(bool all)
    {
        var (rows, columns) = TerminalDevice.Size(2) is { } size ? (size.Rows, size.Columns) : (24, 80);
        List<string> lines = Lines(columns, all);
        int most = all ? int.MaxValue : Math.Max(2, rows - 2);
        StringBuilder picture = new();
        if (_drawn > 0)
        {
            picture.Append(System.Globalization.CultureInfo.InvariantCulture, $"\u001b[{_drawn}A");
        }

        List<string> shown = lines.Count <= most ? lines : [lines[0], .. lines[^(most - 1)..]];
        shown.ForEach(line => picture.Append("\u001b[2K").Append(line).Append('\n'));
        picture.Append("\u001b[J");
        _drawn = shown.Count;
        Output.Write(picture.ToString());
        Output.Flush();
    }

    private List<string> Lines(int columns, bool all)
    {
        int done = _steps.All.Count(step => step.Completed is not null);
        bool finished = all && _steps.All.TrueForAll(step => step.Completed is not null && step.Error.Length == 0);
        List<string> lines = [Row($"[+] Building {Seconds(_time.GetUtcNow() - _begun)} ({done}/{_steps.All.Count})", finished ? "FINISHED" : "", columns)];
        foreach (BuildStep step in _steps.All)
        {
            TimeSpan took = (step.Completed ?? _time.GetUtcNow()) - (step.Started ?? _time.GetUtcNow());
            string mark = step.Error.Length > 0 ? "ERROR " : step.Cached ? "CACHED " : "";
            lines.Add(Colored(Row($" => {mark}{step.Name}", Seconds(took), columns), step));
            if (step.Completed is null)
            {
                lines.AddRange(step.Parts.Values.Where(part => part.Completed is null).Select(part => Row($" => => {part.Name} {Amount(part)}", "", columns)));
                lines.AddRange(step.Lines.TakeLast(ShownLines).Select(line => Row(" => => # " + line, "", columns)));
            }
        }

        return lines;
    }

    private static string Amount(StepPart part) => part.Total > 0 ? $"{Units.Size(part.Current, 4)} / {Units.Size(part.Total, 4)}" : part.Current > 0 ? Units.Size(part.Current, 4) : "";

    private static string Colored(string row, BuildStep step) =>
        step.Error.Length > 0 ? $"\u001b[31m{row}\u001b[0m" : step.Completed is not null ? $"\u001b[34m{row}\u001b[0m" : row;

    private static string Row(string left, string right, int columns)
    {
        int room = Math.Max(10, columns - right.Length - 1);
        string text = new([.. left.Where(c => !char.IsControl(c))]);
        return (text.Length > room ? text[..room] : text.PadRight(room)) + right;
    }
}
