using System.Text;
using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>Writes a canonical document as YAML, in the order and with the quoting of Docker Compose.</summary>
public static class CanonicalYaml
{
    private const string Indicators = "-?:,[]{}#&*!|>'\"%@`";
    private static readonly HashSet<string> s_oldBooleans = new(StringComparer.Ordinal) { "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF" };

    /// <summary>The document as text.</summary>
    /// <param name="node">The document, or a part of it.</param>
    /// <param name="path">The part's path; empty for the whole.</param>
    /// <param name="escapeDollar">Whether dollar signs are doubled, so that the text can be read again.</param>
    public static string Write(Node node, string path = "", bool escapeDollar = true)
    {
        StringBuilder text = new();
        Value(text, node, path, 0, escapeDollar);
        return text.ToString().TrimStart('\n') is { Length: > 0 } whole ? whole.TrimStart(' ') : "{}\n";
    }

    private static void Value(StringBuilder text, Node node, string path, int depth, bool dollar)
    {
        switch (node)
        {
            case Mapping map when map.Keys.All(k => WireEmpty.Omits(path, k, map[k]!)):
                text.Append(" {}\n");
                break;
            case Sequence { Items.Count: 0 }:
                text.Append(" []\n");
                break;
            case Mapping map:
                text.Append('\n');
                Members(text, map, path, depth, dollar, inList: false);
                break;
            case Sequence list:
                text.Append('\n');
                Items(text, list, path, depth, dollar);
                break;
            case Scalar { Kind: ScalarKind.Null }:
                text.Append(" null\n");
                break;
            case Scalar { Kind: ScalarKind.Text } scalar:
                Text(text, dollar ? scalar.Text.Replace("$", "$$", StringComparison.Ordinal) : scalar.Text, depth);
                break;
            case Scalar scalar:
                text.Append(' ').Append(scalar.Text).Append('\n');
                break;
        }
    }

    private static void Members(StringBuilder text, Mapping map, string path, int depth, bool dollar, bool inList)
    {
        bool first = inList;
        foreach (string key in WireOrder.Keys(path, map.Keys.Where(k => !WireEmpty.Omits(path, k, map[k]!))))
        {
            text.Append(' ', first ? 0 : depth * 2);
            text.Append(Scalar(key)).Append(':');
            Value(text, map[key]!, WireOrder.Inner(path, key), depth + 1, dollar);
            first = false;
        }
    }

    private static void Items(StringBuilder text, Sequence list, string path, int depth, bool dollar)
    {
        foreach (Node item in list.Items)
        {
            text.Append(' ', depth * 2).Append('-');
            if (item is Mapping map && map.Keys.Any(k => !WireEmpty.Omits(path + "[]", k, map[k]!)))
            {
                text.Append(' ');
                Members(text, map, path + "[]", depth + 1, dollar, inList: true);
            }
            else
            {
                Value(text, item, path + "[]", depth + 1, dollar);
            }
        }
    }

    private static void Text(StringBuilder text, string value, int depth)
    {
        bool block = value.Contains('\n', StringComparison.Ordinal) && value.All(c => c is '\n' or '\t' || !char.IsControl(c)) && value.Trim('\n').Length > 0 && !value.StartsWith(' ') && !value.StartsWith('\n');
        if (!block)
        {
            text.Append(' ').Append(Scalar(value)).Append('\n');
            return;
        }

        string chomp = !value.EndsWith('\n') ? "-" : value.EndsWith("\n\n", StringComparison.Ordinal) ? "+" : "";
        text.Append(" |").Append(chomp).Append('\n');
        foreach (string line in (chomp == "-" ? value : value[..^1]).Split('\n'))
        {
            text.Append(' ', line.Length > 0 ? depth * 2 : 0).Append(line).Append('\n');
        }
    }

    private static string Scalar(string value)
    {
        if (value.Any(c => char.IsControl(c)))
        {
            return Double(value);
        }

        if (value.Length == 0 || s_oldBooleans.Contains(value) || PlainScalar.Resolve(default, value).Kind != ScalarKind.Text || IsTime(value))
        {
            return Double(value);
        }

        bool plain = value == value.Trim() && !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(" #", StringComparison.Ordinal) && !value.EndsWith(':')
            && (!Indicators.Contains(value[0], StringComparison.Ordinal) || (value[0] is '-' or '?' or ':' && value.Length > 1 && value[1] != ' ')) && value is not ("<<" or "=" or "---" or "...");
        return plain ? value : "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
    }

    // YAML 1.1 has sexagesimal numbers, dates and infinities; older readers take these for them.
    private static bool IsTime(string value) => IsSexagesimal(value) || IsDate(value) || value.TrimStart('+', '-') is ".inf" or ".Inf" or ".INF" or ".nan" or ".NaN" or ".NAN";

    private static bool IsSexagesimal(string value)
    {
        string[] parts = value.TrimStart('+', '-').Split('.')[0].Split(':');
        return parts.Length > 1 && parts[0].Length > 0 && char.IsAsciiDigit(parts[0][0]) && parts[0].All(c => char.IsAsciiDigit(c) || c == '_')
            && parts.Skip(1).All(p => p.Length is 1 or 2 && p.All(char.IsAsciiDigit) && (p.Length == 1 || p[0] < '6'));
    }

    private static bool IsDate(string value)
    {
        string[] parts = value.Split('T', 't', ' ')[0].Split('-');
        return parts is [{ Length: 4 }, { Length: 1 or 2 }, { Length: 1 or 2 }] && parts.All(p => p.All(char.IsAsciiDigit));
    }

    private static string Double(string value)
    {
        StringBuilder text = new("\"");
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when char.IsControl(c) => text.Append("\\x").Append(((int)c).ToString("x2", System.Globalization.CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }
}
