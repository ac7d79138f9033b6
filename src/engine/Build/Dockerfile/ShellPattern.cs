namespace Slipway.Build.Dockerfile;

/// <summary>
/// Patterns of <c>${name#pattern}</c> and its kin: <c>*</c> is any text, <c>?</c> any character, <c>\</c> takes the next one as it is.
/// The work is bounded, since pattern and value come from outside.
/// </summary>
internal sealed class ShellPattern
{
    private const int MaxWork = 20_000_000;

    private readonly (char Character, Kind Kind)[] parts;
    private int work;

    internal ShellPattern(string pattern)
    {
        var list = new List<(char, Kind)>(pattern.Length);
        for (var i = 0; i < pattern.Length; i++)
        {
            list.Add(pattern[i] switch
            {
                '*' => ('*', Kind.Any),
                '?' => ('?', Kind.One),
                '\\' when i + 1 < pattern.Length => (pattern[++i], Kind.Literal),
                var c => (c, Kind.Literal),
            });
        }

        parts = [.. list];
    }

    private enum Kind : byte
    {
        Literal,
        One,
        Any,
    }

    /// <summary>The value without the shortest or longest beginning that matches.</summary>
    internal string TrimStart(string value, bool longest)
    {
        var length = Length(value, 0, 1, parts, longest);
        return length < 0 ? value : value[length..];
    }

    /// <summary>The value without the shortest or longest end that matches.</summary>
    internal string TrimEnd(string value, bool longest)
    {
        var length = Length(value, value.Length - 1, -1, [.. parts.Reverse()], longest);
        return length < 0 ? value : value[..^length];
    }

    /// <summary>The value with the first or every longest match replaced.</summary>
    internal string Replace(string value, string replacement, bool all)
    {
        var result = new System.Text.StringBuilder();
        for (var i = 0; i < value.Length;)
        {
            var length = Length(value, i, 1, parts, longest: true);
            if (length <= 0)
            {
                result.Append(value[i++]);
                continue;
            }

            result.Append(replacement);
            i += length;
            if (!all)
            {
                return result.Append(value, i, value.Length - i).ToString();
            }
        }

        return result.ToString();
    }

    // Runs the pattern as an automaton over the value from one place in one direction; the length matched, or -1.
    private int Length(string value, int from, int step, (char Character, Kind Kind)[] pattern, bool longest)
    {
        var states = new bool[pattern.Length + 1];
        states[0] = true;
        Skip(states, pattern);
        var found = states[^1] ? 0 : -1;
        for (var (i, taken) = (from, 1); i >= 0 && i < value.Length && (longest || found < 0); i += step, taken++)
        {
            if (!Advance(ref states, pattern, value[i]))
            {
                break;
            }

            found = states[^1] ? taken : found;
        }

        return found;
    }

    private bool Advance(ref bool[] states, (char Character, Kind Kind)[] pattern, char c)
    {
        work += pattern.Length + 1;
        if (work > MaxWork)
        {
            throw new SyntaxFault("pattern is too expensive", FaultNumber.Limit);
        }

        var next = new bool[states.Length];
        var alive = false;
        for (var s = 0; s < pattern.Length; s++)
        {
            if (states[s] && (pattern[s].Kind != Kind.Literal || pattern[s].Character == c))
            {
                next[pattern[s].Kind == Kind.Any ? s : s + 1] = true;
                alive = true;
            }
        }

        Skip(next, pattern);
        states = next;
        return alive;
    }

    private static void Skip(bool[] states, (char Character, Kind Kind)[] pattern)
    {
        for (var s = 0; s < pattern.Length; s++)
        {
            states[s + 1] |= states[s] && pattern[s].Kind == Kind.Any;
        }
    }
}
