using System.Globalization;

namespace Slipway.Linux;

/// <summary>Signal names and numbers (signal(7), alike on x86_64 and arm64).</summary>
public static class Signals
{
    /// <summary>SIGHUP</summary>
    public const int Hup = 1;
    /// <summary>SIGINT</summary>
    public const int Int = 2;
    /// <summary>SIGQUIT</summary>
    public const int Quit = 3;
    /// <summary>SIGKILL</summary>
    public const int Kill = 9;
    /// <summary>SIGTERM</summary>
    public const int Term = 15;
    /// <summary>SIGCONT</summary>
    public const int Cont = 18;
    /// <summary>SIGSTOP</summary>
    public const int Stop = 19;
    /// <summary>SIGWINCH</summary>
    public const int Winch = 28;
    /// <summary>SIGRTMIN as the C library has it.</summary>
    public const int RealTimeMin = 34;
    /// <summary>SIGRTMAX</summary>
    public const int RealTimeMax = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly Dictionary<string, int> Aliases = new(StringComparer.Ordinal) { ["IOT"] = 6, ["CLD"] = 17, ["POLL"] = 29, ["UNUSED"] = 31 };

    /// <summary>Reads "SIGTERM", "term", "15", "RTMIN+3" or "SIGRTMAX-1"; null when that is no signal.</summary>
    public static int? Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number is > 0 and <= RealTimeMax ? number : null;
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        var index = name.Length == 0 ? -1 : Array.IndexOf(Names, name);
        return index > 0 ? index
            : Aliases.TryGetValue(name, out var alias) ? alias
            : RealTime(name, "RTMIN", RealTimeMin, '+') ?? RealTime(name, "RTMAX", RealTimeMax, '-');
    }

    /// <summary>The name with SIG; "SIGRTMIN+n" for real-time signals.</summary>
    public static string Name(int signal) => signal switch
    {
        > 0 when signal < Names.Length => "SIG" + Names[signal],
        RealTimeMin => "SIGRTMIN",
        RealTimeMax => "SIGRTMAX",
        > RealTimeMin and < RealTimeMax => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{signal - RealTimeMin}"),
        _ => signal.ToString(CultureInfo.InvariantCulture),
    };

    private static int? RealTime(string name, string prefix, int start, char sign)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        if (name.Length == prefix.Length)
        {
            return start;
        }

        return name[prefix.Length] == sign
            && int.TryParse(name.AsSpan(prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && offset <= RealTimeMax - RealTimeMin
            ? start + (sign == '+' ? offset : -offset)
            : null;
    }
}
