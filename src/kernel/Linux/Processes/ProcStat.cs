using System.Globalization;

namespace Slipway.Linux;

/// <summary>/proc/PID/stat (proc(5)).</summary>
/// <param name="Pid">The process.</param>
/// <param name="Comm">Its short name.</param>
/// <param name="State">R, S, D, Z, T, t, X, I.</param>
/// <param name="ParentPid">Its parent.</param>
/// <param name="StartTimeTicks">When it started, in <see cref="SystemInfo.ClockTicks"/> since boot; with the number it identifies a process for ever.</param>
public sealed record ProcStat(int Pid, string Comm, char State, int ParentPid, ulong StartTimeTicks)
{
    private const int ParentField = 1;
    private const int StartTimeField = 19;

    /// <summary>Reads a process's status; null when there is no such process.</summary>
    public static ProcStat? Read(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")), pid);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }
    }

    /// <summary>The direct children of a process.</summary>
    public static IReadOnlyList<int> Children(int pid)
    {
        var tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task");
        try
        {
            return Directory.GetDirectories(tasks)
                .SelectMany(t => File.ReadAllText(t + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(t => int.Parse(t, CultureInfo.InvariantCulture))
                .ToList();
        }
        catch (IOException)
        {
            return [];
        }
    }

    // The name in brackets may itself hold blanks and brackets.
    private static ProcStat? Parse(string text, int pid)
    {
        var (open, close) = (text.IndexOf('(', StringComparison.Ordinal), text.LastIndexOf(')'));
        if (open < 0 || close < open)
        {
            return null;
        }

        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new ProcStat(
            pid,
            text[(open + 1)..close],
            fields[0][0],
            int.Parse(fields[ParentField], CultureInfo.InvariantCulture),
            ulong.Parse(fields[StartTimeField], CultureInfo.InvariantCulture));
    }
}
