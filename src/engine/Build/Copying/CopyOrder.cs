using Slipway.Linux;

namespace Slipway.Build.Copying;

/// <summary>What a COPY or ADD is to do, every name expanded.</summary>
internal sealed record CopyOrder
{
    /// <summary>Sources as written: paths or patterns relative to the source tree's root.</summary>
    internal required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Whether wildcards in them mean something.</summary>
    internal bool Wildcards { get; init; } = true;

    /// <summary>Absolute destination; a slash at the end makes it a directory.</summary>
    internal required string Destination { get; init; }

    /// <summary>Owner of everything that is made; null keeps the source's.</summary>
    internal (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>Mode of everything that is copied; null keeps the source's.</summary>
    internal ModeChange? Mode { get; init; }

    /// <summary>Whether the sources' parent directories are kept below the destination.</summary>
    internal bool Parents { get; init; }

    /// <summary>Whether links at the destination are ignored and nothing below it is looked at.</summary>
    internal bool Link { get; init; }

    /// <summary>Whether files may be linked instead of copied, where the source allows it.</summary>
    internal bool Linkable { get; init; } = true;

    /// <summary>Whether archives are unpacked (ADD).</summary>
    internal bool Unpack { get; init; }

    /// <summary>Whether a path is left out, relative to the directory that is copied; null keeps all.</summary>
    internal Func<string, bool>? Excluded { get; init; }

    /// <summary>COPY or ADD, for messages.</summary>
    internal string Verb { get; init; } = "COPY";

    /// <summary>Whether a path of the source tree is left out.</summary>
    /// <param name="path">The path.</param>
    /// <param name="origin">What patterns are relative to, see <see cref="FoundSource"/>.</param>
    internal bool LeavesOut(string path, string origin) =>
        Excluded?.Invoke(origin.Length > 0 && path.StartsWith(origin + "/", StringComparison.Ordinal) ? path[(origin.Length + 1)..] : path) == true;
}

/// <summary>One thing to copy.</summary>
/// <param name="Path">Where it is in the source tree: clean, all links on the way resolved, no slash at the beginning; empty for the root.</param>
/// <param name="Name">Its name as asked for, which is the name it gets.</param>
/// <param name="Below">With <see cref="CopyOrder.Parents"/> the directories that are kept, else empty.</param>
/// <param name="Stat">What it is.</param>
/// <param name="Origin">What patterns of paths that are left out are relative to: a directory itself, a file's directory, or with <see cref="CopyOrder.Parents"/> where the kept part begins.</param>
internal sealed record FoundSource(string Path, string Name, string Below, FileStat Stat, string Origin);

/// <summary>A mode as <c>--chmod</c> gives it: octal, or symbolic as chmod(1) reads it.</summary>
internal sealed record ModeChange(string Text)
{
    /// <summary>Applies it.</summary>
    /// <exception cref="FormatException">It is no mode.</exception>
    internal UnixFileMode Apply(UnixFileMode mode, bool directory)
    {
        if (Text.Length > 0 && Text.All(c => c is >= '0' and <= '7'))
        {
            return Text.Length <= 5 && Convert.ToInt32(Text, 8) is var bits and <= 0xFFF ? (UnixFileMode)bits : throw Invalid();
        }

        return Text.Split(',').Aggregate(mode, (current, clause) => ApplyClause(current, clause, directory));
    }

    private UnixFileMode ApplyClause(UnixFileMode mode, string clause, bool directory)
    {
        var at = clause.IndexOfAny(['+', '-', '=']);
        if (at < 0)
        {
            throw Invalid();
        }

        var who = Who(clause[..at]);
        var current = (int)mode;
        while (at < clause.Length)
        {
            var action = clause[at];
            var end = clause.IndexOfAny(['+', '-', '='], at + 1);
            var bits = Bits(clause[(at + 1)..(end < 0 ? clause.Length : end)], current, directory) & who;
            current = action switch { '+' => current | bits, '-' => current & ~bits, _ => (current & ~who) | bits };
            at = end < 0 ? clause.Length : end;
        }

        return (UnixFileMode)current;
    }

    private int Who(string text) => text.Length == 0 ? 0xFFF : text.Aggregate(0, (mask, c) => mask | c switch
    {
        'u' => 0x9C0,
        'g' => 0x438,
        'o' => 0x007,
        'a' => 0xFFF,
        _ => throw Invalid(),
    });

    private int Bits(string text, int current, bool directory) => text.Aggregate(0, (bits, c) => bits | c switch
    {
        'r' => 0x124,
        'w' => 0x092,
        'x' => 0x049,
        'X' => directory || (current & 0x49) != 0 ? 0x049 : 0,
        's' => 0xC00,
        't' => 0x200,
        'u' => ((current >> 6) & 7) * 0x49,
        'g' => ((current >> 3) & 7) * 0x49,
        'o' => (current & 7) * 0x49,
        _ => throw Invalid(),
    });

    private FormatException Invalid() => new($"invalid chmod parameter: '{Text}'. it should be octal string and between 0 and 07777");
}
