using System.Text;

namespace Slipway.Build.Dockerfile;

/// <summary>Parser directives: comments <c># name=value</c> before everything else (Dockerfile reference, "Parser directives").</summary>
internal sealed class Directives
{
    private bool done;

    /// <summary>Nothing seen yet.</summary>
    internal Directives()
    {
    }

    /// <summary>What a file's directives came to.</summary>
    internal Directives(char escape) => (Escape, done) = (escape, true);

    /// <summary>Escape character: backslash or backtick.</summary>
    internal char Escape { get; private set; } = '\\';

    /// <summary>Value of <c>syntax</c>.</summary>
    internal string? Syntax { get; private set; }

    /// <summary>Value of <c>check</c>.</summary>
    internal string? Check { get; private set; }

    /// <summary>Whether no other line has come yet.</summary>
    internal bool Active => !done;

    private bool EscapeSeen { get; set; }

    /// <summary>Looks at one line; the first line that is no directive ends them.</summary>
    /// <exception cref="SyntaxFault">A directive is repeated or its value is impossible.</exception>
    internal void Look(ReadOnlySpan<byte> line)
    {
        if (done)
        {
            return;
        }

        done = !TryLook(line);
    }

    private bool TryLook(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] != (byte)'#')
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(line[1..]);
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return false;
        }

        var (name, value) = (text[..equals].Trim().ToLowerInvariant(), text[(equals + 1)..].Trim());
        if (value.Length == 0)
        {
            return false;
        }

        switch (name)
        {
            case "escape":
                SetEscape(value);
                return true;
            case "syntax":
                Syntax = Once(Syntax, name, value);
                return true;
            case "check":
                Check = Once(Check, name, value);
                return true;
            default:
                return false;
        }
    }

    private void SetEscape(string value)
    {
        if (EscapeSeen)
        {
            Once(value, "escape", value);
        }

        EscapeSeen = true;
        Escape = value is "\\" or "`"
            ? value[0]
            : throw new SyntaxFault($"invalid escape token '{value}' does not match ` or \\", FaultNumber.Directive, value);
    }

    private static string Once(string? before, string name, string value) =>
        before is null ? value : throw new SyntaxFault($"only one {name} parser directive can be used", FaultNumber.Directive, name);
}
