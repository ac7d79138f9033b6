using System.Text;
using System.Text.RegularExpressions;

namespace Slipway.Packs.Sources;

/// <summary>A pattern of paths: <c>*</c> matches anything, <c>/</c> included, as do <c>**</c>; <c>{a,b}</c> is a choice.</summary>
internal sealed class PathPattern
{
    private readonly Regex _expression;

    internal PathPattern(string pattern)
    {
        var text = new StringBuilder("^");
        foreach (var c in pattern.Replace("**/", "*", StringComparison.Ordinal))
        {
            text.Append(c switch
            {
                '*' => ".*",
                '?' => "[^/]",
                '{' => "(?:",
                '}' => ")",
                ',' => "|",
                _ => Regex.Escape(c.ToString()),
            });
        }

        _expression = new Regex(text.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    internal bool Matches(string path) => _expression.IsMatch(path);
}
