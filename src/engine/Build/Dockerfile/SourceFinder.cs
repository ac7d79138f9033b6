using System.Text;
using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>Finds the line and column of the text that is to blame.</summary>
internal static class SourceFinder
{
    /// <summary>The first place of <paramref name="near"/> in the lines of an instruction; its first word when there is none.</summary>
    internal static SourceSpan Find(ReadOnlyMemory<byte> text, SourceSpan span, string? near)
    {
        var lines = new LineReader(text, 0, 0);
        var fallback = span;
        try
        {
            while (lines.Line < span.EndLine && lines.TryRead(out var raw))
            {
                if (lines.Line < span.Line)
                {
                    continue;
                }

                var content = Encoding.UTF8.GetString(raw.TrimEnd("\r\n"u8));
                if (lines.Line == span.Line)
                {
                    fallback = FirstWord(content, span);
                }

                var at = string.IsNullOrEmpty(near) ? -1 : content.IndexOf(near, StringComparison.OrdinalIgnoreCase);
                if (at >= 0)
                {
                    return new(lines.Line, at + 1, lines.Line, at + 1 + near!.Length);
                }
            }
        }
        catch (SyntaxFault)
        {
            // A line too long to be read is the fault itself.
            return new(lines.Line, 1, lines.Line, 0);
        }

        return fallback;
    }

    private static SourceSpan FirstWord(string content, SourceSpan span)
    {
        var start = content.Length - content.TrimStart().Length;
        var end = content.AsSpan(start).IndexOfAny(' ', '\t');
        return new(span.Line, start + 1, span.Line, (end < 0 ? content.Length : start + end) + 1);
    }
}
