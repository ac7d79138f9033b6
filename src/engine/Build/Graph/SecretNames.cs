using System.Text.RegularExpressions;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Names of variables that sound like secrets.</summary>
internal static partial class SecretNames
{
    internal static void Report(Lint lint, string keyword, string name, Instruction instruction)
    {
        if (Suspicious().IsMatch(name) && !Harmless().IsMatch(name))
        {
            lint.Report(
                LintRule.SecretsUsedInArgOrEnv, instruction.Span,
                $"Do not use ARG or ENV instructions for sensitive data ({keyword} {GoText.Quote(name)})", instruction.Check);
        }
    }

    [GeneratedRegex(
        "(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Suspicious();

    [GeneratedRegex("(?:_|^)(?:public|file|version)(?:_|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Harmless();
}

/// <summary>Signals that <c>STOPSIGNAL</c> may name (signal(7)).</summary>
internal static class SignalNames
{
    private static readonly string[] Names =
    [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT",
        "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    ];

    internal static void Check(string text)
    {
        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        var number = int.TryParse(text, out var value) && value != 0;
        if (!number && !Names.Contains(name) && !name.StartsWith("RTMIN", StringComparison.Ordinal) && !name.StartsWith("RTMAX", StringComparison.Ordinal))
        {
            var near = Nearest.Find(name, Names);
            throw new SyntaxFault($"invalid signal: {text}", FaultNumber.Value, text, near is null ? null : "SIG" + near);
        }
    }
}
