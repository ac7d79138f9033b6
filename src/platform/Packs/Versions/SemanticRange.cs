using System.Globalization;

namespace Slipway.Packs.Versions;

/// <summary>
/// A range of versions as npm writes it (github.com/npm/node-semver, "Ranges"): <c>^ ~ &gt; &gt;= &lt; &lt;= =</c>, <c>x</c>, hyphens, spaces for "and", <c>||</c> for "or".
/// Composer's commas and <c>~1.2</c> and Python's <c>~=</c> and <c>!=</c> are understood too.
/// </summary>
internal sealed class SemanticRange
{
    private readonly List<List<(SemanticVersion From, SemanticVersion Below)>> _choices = [];

    private SemanticRange()
    {
    }

    private static readonly SemanticVersion s_least = new(0, 0, 0);
    private static readonly SemanticVersion s_most = new(int.MaxValue, 0, 0);

    /// <summary>Reads a range; null when it is none.</summary>
    internal static SemanticRange? Parse(string text)
    {
        if (text.Length > 200)
        {
            return null;
        }

        var range = new SemanticRange();
        foreach (var choice in text.Replace("||", "|", StringComparison.Ordinal).Split('|'))
        {
            if (Choice(choice.Trim()) is not { } bounds)
            {
                return null;
            }

            range._choices.Add(bounds);
        }

        return range;
    }

    internal bool Accepts(SemanticVersion version) => _choices.Exists(c => c.TrueForAll(b => version >= b.From && version < b.Below));

    /// <summary>Whether some version of a major one is accepted.</summary>
    internal bool AcceptsMajor(int major) => _choices.Exists(c =>
    {
        var from = c.Select(b => b.From).Append(new SemanticVersion(major, 0, 0)).Max();
        var below = c.Select(b => b.Below).Append(new SemanticVersion(major + 1, 0, 0)).Min();
        return from < below;
    });

    private static List<(SemanticVersion, SemanticVersion)>? Choice(string text)
    {
        var hyphen = text.Split(" - ", 2, StringSplitOptions.TrimEntries);
        if (hyphen.Length == 2)
        {
            return Partial(hyphen[0]) is { } from && Partial(hyphen[1]) is { } to ? [(from.Least, to.Beyond)] : null;
        }

        var bounds = new List<(SemanticVersion, SemanticVersion)>();
        foreach (var word in Words(text))
        {
            if (Comparator(word) is not { } bound)
            {
                return null;
            }

            bounds.Add(bound);
        }

        return bounds;
    }

    /// <summary>Comparators, each with its operator, whether or not spaces stand between them.</summary>
    private static IEnumerable<string> Words(string text)
    {
        var pending = "";
        foreach (var word in text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.All(c => c is '<' or '>' or '=' or '^' or '~' or '!'))
            {
                pending = word;
                continue;
            }

            yield return pending + word;
            pending = "";
        }
    }

    private static (SemanticVersion, SemanticVersion)? Comparator(string word)
    {
        var length = word.TakeWhile(c => c is '<' or '>' or '=' or '^' or '~' or '!').Count();
        if (Partial(word[length..]) is not { } version)
        {
            return null;
        }

        var (least, beyond, parts) = version;
        return word[..length] switch
        {
            "" or "=" or "==" or "===" => (least, beyond),
            ">=" => (least, s_most),
            ">" => (parts == 3 ? new SemanticVersion(least.Major, least.Minor, least.Patch + 1) : beyond, s_most),
            "<" => (s_least, least),
            "<=" => (s_least, beyond),
            "^" => (least, parts == 0 ? s_most : least.Major > 0 || parts == 1 ? new(least.Major + 1, 0, 0) : least.Minor > 0 || parts == 2 ? new(0, least.Minor + 1, 0) : new(0, 0, least.Patch + 1)),
            "~" => (least, parts switch { 0 => s_most, 1 => new(least.Major + 1, 0, 0), _ => new(least.Major, least.Minor + 1, 0) }),
            "~=" or "~>" => (least, parts switch { 0 => s_most, 3 => new(least.Major, least.Minor + 1, 0), _ => new(least.Major + 1, 0, 0) }),
            "!=" => (s_least, s_most),
            _ => null,
        };
    }

    /// <summary>A version that may lack its last numbers or have <c>x</c> or <c>*</c> there: the least it can be, the first beyond, and how many numbers it has.</summary>
    private static (SemanticVersion Least, SemanticVersion Beyond, int Parts)? Partial(string text)
    {
        var words = text.TrimStart('v').Split('-', '+')[0].Split('.');
        var numbers = new List<int>();
        foreach (var word in words.Take(3).TakeWhile(w => w is not ("x" or "X" or "*" or "")))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == int.MaxValue)
            {
                return null;
            }

            numbers.Add(number);
        }

        var least = new SemanticVersion(numbers.ElementAtOrDefault(0), numbers.ElementAtOrDefault(1), numbers.ElementAtOrDefault(2));
        return numbers.Count switch
        {
            0 => (s_least, s_most, 0),
            1 => (least, new(least.Major + 1, 0, 0), 1),
            2 => (least, new(least.Major, least.Minor + 1, 0), 2),
            _ => (least, new(least.Major, least.Minor, least.Patch + 1), 3),
        };
    }
}
