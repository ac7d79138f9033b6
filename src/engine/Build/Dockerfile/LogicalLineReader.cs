using System.Text;

namespace Slipway.Build.Dockerfile;

/// <summary>
/// Cuts a Dockerfile into instructions: comments, continued lines and heredocs. Works on the bytes; only what belongs to an instruction
/// becomes a string.
/// </summary>
internal sealed class LogicalLineReader(
    ReadOnlyMemory<byte> text, Directives directives, int offset = 0, int line = 0, string? check = null)
{
    /// <summary>Longest instruction, and longest heredoc, in characters.</summary>
    internal const int MaxInstruction = 4 << 20;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private LineReader lines = new(text, offset, line);
    private string? check = check;
    private string? described;

    /// <summary>Number of the line read last, from 1.</summary>
    internal int Line => lines.Line;

    /// <summary>The next instruction, or null at the end.</summary>
    /// <exception cref="SyntaxFault">The file is malformed; <see cref="Line"/> says where.</exception>
    internal LogicalLine? Read()
    {
        while (lines.TryRead(out var raw))
        {
            raw = WithoutEnd(lines.Line == 1 && raw.StartsWith("\uFEFF"u8) ? raw[3..] : raw);
            var content = TrimStart(raw);
            if (lines.Line > 1 || !content.StartsWith("#!"u8))
            {
                directives.Look(content);
            }

            if (content.IsEmpty)
            {
                described = null;
                continue;
            }

            if (content[0] == (byte)'#')
            {
                Comment(content[1..]);
                continue;
            }

            return Instruction(content);
        }

        return null;
    }

    private LogicalLine Instruction(ReadOnlySpan<byte> first)
    {
        var (start, at) = (lines.Start, lines.Line);
        var empty = false;
        var joined = Decode(first, out var more);
        if (more)
        {
            joined = Continue(joined, out empty);
        }

        var result = new LogicalLine
        {
            Text = joined, Line = at, EndLine = lines.Line, Offset = start, EmptyContinuation = empty, Check = check, Described = described,
        };
        (check, described) = (null, null);
        if (joined.Contains("<<", StringComparison.Ordinal) && ArgumentSplitter.TakesHeredocs(joined))
        {
            result.Heredocs = [.. Heredoc.InLine(joined).Select(heredoc => heredoc with { Content = Body(heredoc) })];
            result.EndLine = lines.Line;
        }

        return result;
    }

    private string Continue(string first, out bool empty)
    {
        var joined = new StringBuilder(first);
        var more = true;
        empty = false;
        while (more && lines.TryRead(out var raw))
        {
            raw = WithoutEnd(raw);
            var content = TrimStart(raw);
            if (content.IsEmpty)
            {
                empty = true;
            }
            else if (content[0] != (byte)'#')
            {
                joined.Append(Decode(raw, out more));
                Bound(joined.Length, "instruction");
            }
        }

        return joined.ToString();
    }

    private string Body(Heredoc heredoc)
    {
        var body = new StringBuilder();
        var end = Encoding.UTF8.GetBytes(heredoc.Name);
        while (lines.TryRead(out var raw))
        {
            var content = WithoutEnd(raw);
            if ((heredoc.Chomp ? content.TrimStart((byte)'\t') : content).SequenceEqual(end))
            {
                return body.ToString();
            }

            body.Append(Text(raw));
            Bound(body.Length, "heredoc");
        }

        throw new SyntaxFault("unterminated heredoc", FaultNumber.File, "<<");
    }

    private static void Bound(int length, string what)
    {
        if (length > MaxInstruction)
        {
            throw new SyntaxFault($"dockerfile {what} greater than max allowed size of {MaxInstruction}", FaultNumber.Limit);
        }
    }

    // A line whose last character, spaces aside, is the escape character goes on in the next one, unless that is itself escaped.
    private string Decode(ReadOnlySpan<byte> content, out bool more)
    {
        var trimmed = content.TrimEnd(" \t"u8);
        more = trimmed.Length > 0 && trimmed[^1] == directives.Escape && (trimmed.Length == 1 || trimmed[^2] != directives.Escape);
        return Text(more ? trimmed[..^1] : content);
    }

    private static string Text(ReadOnlySpan<byte> content)
    {
        if (content.Contains((byte)0))
        {
            throw new SyntaxFault("dockerfile contains a NUL character", FaultNumber.File, "\0");
        }

        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            throw new SyntaxFault("dockerfile is not valid UTF-8", FaultNumber.File, "\uFFFD");
        }
    }

    private void Comment(ReadOnlySpan<byte> content)
    {
        const int longest = 256;
        content = content.Trim(" \t"u8);
        if (content.StartsWith("check="u8))
        {
            check = Encoding.UTF8.GetString(content["check="u8.Length..]);
            return;
        }

        // An empty comment parts what stands above from the instruction; a directive is no comment.
        var end = content.IndexOf((byte)' ');
        described = content.IsEmpty || directives.Active ? null : Encoding.UTF8.GetString(content[..Math.Min(longest, end < 0 ? content.Length : end)]);
    }

    private static ReadOnlySpan<byte> WithoutEnd(ReadOnlySpan<byte> content) => content.TrimEnd("\r\n"u8);

    private static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> content) => content.TrimStart(" \t\v\f\r"u8);
}
