using System.Text;
using System.Text.RegularExpressions;

namespace Slipway.Packs.Sources;

/// <summary>Rules of <c>.gitignore</c> (gitignore(5)) and <c>.dockerignore</c> files; the last rule that matches a path decides.</summary>
internal sealed class IgnoreRules
{
    private const int MostRules = 2000;
    private const int LongestRule = 500;

    private readonly List<Rule> _rules = [];

    private sealed record Rule(string Prefix, Regex Expression, bool Keeps, bool DirectoriesOnly);

    /// <summary>Takes a file's rules.</summary>
    /// <param name="prefix">The directory of the file, with its slash; rules concern what is below.</param>
    /// <param name="text">The file's text.</param>
    /// <param name="anchored">Every rule starts at the directory, as in <c>.dockerignore</c>.</param>
    internal void Add(string prefix, string text, bool anchored)
    {
        foreach (var raw in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length is > 0 and <= LongestRule && l[0] != '#'))
        {
            if (_rules.Count >= MostRules)
            {
                return;
            }

            var keeps = raw[0] == '!';
            var line = keeps ? raw[1..] : raw;
            var directories = line.EndsWith('/');
            line = line.TrimEnd('/');
            var fixedPlace = anchored || line.Contains('/', StringComparison.Ordinal);
            line = line.TrimStart('/');
            if (line.Length > 0)
            {
                _rules.Add(new Rule(prefix, Expression(line, fixedPlace), keeps, directories && !anchored));
            }
        }
    }

    /// <summary>Whether a path is left out. Directories that are left out are not entered, so their content needs no rule.</summary>
    internal bool Ignores(string path, bool directory)
    {
        for (var i = _rules.Count - 1; i >= 0; i--)
        {
            var rule = _rules[i];
            if ((directory || !rule.DirectoriesOnly) && path.StartsWith(rule.Prefix, StringComparison.Ordinal) && rule.Expression.IsMatch(path[rule.Prefix.Length..]))
            {
                return !rule.Keeps;
            }
        }

        return false;
    }

    private static Regex Expression(string rule, bool fixedPlace)
    {
        var text = new StringBuilder(fixedPlace ? "^" : "^(?:.*/)?");
        for (var i = 0; i < rule.Length; i++)
        {
            if (rule.AsSpan(i).StartsWith("**/"))
            {
                text.Append("(?:.*/)?");
                i += 2;
            }
            else if (rule.AsSpan(i).StartsWith("**"))
            {
                text.Append(".*");
                i++;
            }
            else
            {
                text.Append(rule[i] switch { '*' => "[^/]*", '?' => "[^/]", _ => Regex.Escape(rule[i].ToString()) });
            }
        }

        return new Regex(text.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }
}
