using System.Text.RegularExpressions;

namespace Slipway.Packs.Writing;

/// <summary>Makes the last command of a start command replace the shell, so that signals reach the application.</summary>
internal static partial class StartLine
{
    internal static string Of(string command)
    {
        var text = command.Trim();
        var last = text.LastIndexOf("&&", StringComparison.Ordinal);
        var (before, final) = last < 0 ? ("", text) : (text[..(last + 2)] + " ", text[(last + 2)..].Trim());
        return NotPlain().IsMatch(before.Replace("&&", "", StringComparison.Ordinal)) || NotPlain().IsMatch(final) || Builtin().IsMatch(final) ? text
            : before + (Assigns().IsMatch(final) ? "exec env " : "exec ") + final;
    }

    [GeneratedRegex(@"[;|&`\n]|\$\(|<<|^\(|^\{")]
    private static partial Regex NotPlain();

    [GeneratedRegex(@"^(?:exec|cd|export|if|for|while|until|case|set|source|\.|eval|trap|:|!|\[\[|time)(?:\s|$)|^$|^\w+\(\)")]
    private static partial Regex Builtin();

    [GeneratedRegex(@"^[A-Za-z_]\w*=")]
    private static partial Regex Assigns();
}
