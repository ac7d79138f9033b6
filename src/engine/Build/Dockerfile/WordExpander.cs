namespace Slipway.Build.Dockerfile;

/// <summary>What came of an expansion.</summary>
internal sealed class Expansion
{
    /// <summary>The text.</summary>
    internal string Text { get; set; } = "";

    /// <summary>The text split at spaces outside of quotes; only when words were asked for.</summary>
    internal List<string> Words { get; } = [];

    /// <summary>Variables that were used and are set.</summary>
    internal HashSet<string> Used { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables that were used without a default and are not set.</summary>
    internal HashSet<string> Missing { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Quotes and <c>$name</c>, <c>${name…}</c> as in a shell (Dockerfile reference, "Environment replacement"): the forms
/// <c>:-</c> <c>-</c> <c>:+</c> <c>+</c> <c>:?</c> <c>?</c> <c>#</c> <c>##</c> <c>%</c> <c>%%</c> <c>/</c> <c>//</c>.
/// </summary>
internal sealed record WordExpander
{
    /// <summary>Longest result, in UTF-16 units: a chain of variables that double each other ends here.</summary>
    internal const int MaxLength = 1 << 20;

    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create("'\"$\\`");

    /// <summary>The character that takes away the next one's meaning.</summary>
    internal char Escape { get; init; } = '\\';

    /// <summary>Whether quotes stay in the result.</summary>
    internal bool KeepQuotes { get; init; }

    /// <summary>Whether escape characters stay in the result.</summary>
    internal bool KeepEscapes { get; init; }

    /// <summary>Whether unset variables stay as they are written.</summary>
    internal bool KeepUnset { get; init; }

    /// <summary>Whether quotes are characters like any other.</summary>
    internal bool IgnoreQuotes { get; init; }

    /// <summary>Expands one word; spaces stay.</summary>
    /// <exception cref="SyntaxFault">The text is malformed, or a required variable is missing.</exception>
    internal Expansion Expand(string word, Func<string, string?> variables)
    {
        if (!word.AsSpan().ContainsAny(Special))
        {
            return new Expansion { Text = word };
        }

        return Run(word, variables, split: false);
    }

    /// <summary>Expands and splits into words; what variables yield is split too.</summary>
    /// <exception cref="SyntaxFault">The text is malformed, or a required variable is missing.</exception>
    internal Expansion Split(string text, Func<string, string?> variables) => Run(text, variables, split: true);

    private Expansion Run(string text, Func<string, string?> variables, bool split)
    {
        try
        {
            return new WordScanner(this, text, variables, split).Run();
        }
        catch (SyntaxFault fault) when (fault.Number == FaultNumber.Expansion)
        {
            throw new SyntaxFault($"failed to process {GoText.Quote(Shorten(text))}: {fault.Message}", fault.Number, text);
        }
    }

    private static string Shorten(string text) => text.Length <= 4096 ? text : text[..4096] + "…";
}
