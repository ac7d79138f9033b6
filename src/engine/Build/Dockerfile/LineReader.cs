namespace Slipway.Build.Dockerfile;

/// <summary>Physical lines of a Dockerfile.</summary>
internal struct LineReader(ReadOnlyMemory<byte> text, int offset, int line)
{
    /// <summary>Longest line in bytes, BuildKit's limit.</summary>
    internal const int MaxLine = 65_535;

    private int position = offset;

    /// <summary>Number of the line read last, from 1.</summary>
    internal int Line { get; private set; } = line;

    /// <summary>Where the line read last begins.</summary>
    internal int Start { get; private set; } = offset;

    /// <summary>Where the next line begins.</summary>
    internal readonly int Position => position;

    /// <summary>The next line with its end.</summary>
    /// <returns>False behind the last one.</returns>
    /// <exception cref="SyntaxFault">The line is too long.</exception>
    internal bool TryRead(out ReadOnlySpan<byte> content)
    {
        var rest = text.Span[position..];
        content = rest;
        if (rest.IsEmpty)
        {
            return false;
        }

        Line++;
        Start = position;
        var length = rest.IndexOf((byte)'\n') + 1;
        content = length == 0 ? rest : rest[..length];
        position += content.Length;
        return content.Length <= MaxLine
            ? true
            : throw new SyntaxFault($"dockerfile line greater than max allowed size of {MaxLine}", FaultNumber.Limit);
    }
}
