using System.Text;
using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>How canonical JSON is written.</summary>
public sealed record JsonStyle
{
    /// <summary>As Go's marshaller writes what is hashed: no white space, dollar signs as they are.</summary>
    public bool ForHash { get; init; }

    /// <summary>Whether dollar signs are doubled, so that the text can be read again.</summary>
    public bool EscapeDollar { get; init; }
}

/// <summary>Writes a canonical document as JSON in the order of Docker Compose.</summary>
public static class CanonicalJson
{
    /// <summary>The document, or a part of it at a path, as text.</summary>
    public static string Write(Node node, string path, JsonStyle style)
    {
        StringBuilder text = new();
        Value(text, node, path, style, 0);
        return text.ToString();
    }

    private static void Value(StringBuilder text, Node node, string path, JsonStyle style, int depth)
    {
        switch (node)
        {
            case Mapping map when path == "services.*.env_file[]" && map.Count == 1:
                // A file that must be there is written as its path alone.
                Text(text, map.Text("path") ?? "");
                break;
            case Mapping map:
                Object(text, map, path, style, depth);
                break;
            case Sequence list:
                Array(text, list, path, style, depth);
                break;
            case Scalar { Kind: ScalarKind.Null }:
                text.Append("null");
                break;
            case Scalar { Kind: ScalarKind.Text } scalar:
                Text(text, style.EscapeDollar ? scalar.Text.Replace("$", "$$", StringComparison.Ordinal) : scalar.Text);
                break;
            case Scalar scalar:
                text.Append(scalar.Text);
                break;
        }
    }

    private static void Object(StringBuilder text, Mapping map, string path, JsonStyle style, int depth)
    {
        Mapping whole = Completed(map, path);
        bool extensions = path.Length == 0 || !style.ForHash;
        bool first = true;
        text.Append('{');
        foreach (string key in Keys(path, whole.Keys.Where(k => (extensions && path.Length == 0) || !k.StartsWith("x-", StringComparison.Ordinal))
            .Where(k => !WireEmpty.Omits(path, k, whole[k]!) || (k, path) is ("placement", "services.*.deploy") or ("ipam", "networks.*"))))
        {
            text.Append(first ? "" : ",");
            Line(text, style, depth + 1);
            Text(text, Name(key, path));
            text.Append(style.ForHash ? ":" : ": ");
            Value(text, whole[key]!, WireOrder.Inner(path, key), style, depth + 1);
            first = false;
        }

        if (!first)
        {
            Line(text, style, depth);
        }

        text.Append('}');
    }

    // The whole document is a map there, and those are sorted.
    private static IEnumerable<string> Keys(string path, IEnumerable<string> keys) => path.Length == 0 ? keys.Order(StringComparer.Ordinal) : WireOrder.Keys(path, keys);

    // Docker Compose's structures write these even when they are empty, and two keys with a capital.
    private static Mapping Completed(Mapping map, string path)
    {
        Scalar nothing = new(map.At, "", ScalarKind.Null);
        return path switch
        {
            "services.*" => map.Copy().Set("command", map["command"] ?? nothing).Set("entrypoint", map["entrypoint"] ?? nothing),
            "services.*.deploy" => map.Copy().Set("resources", map["resources"] ?? new Mapping(map.At)).Set("placement", map["placement"] ?? new Mapping(map.At)),
            "services.*.develop.watch[]" => map.Copy().Set("exec", map["exec"] ?? new Mapping(map.At).Set("command", nothing)),
            "networks.*" => map.Copy().Set("ipam", map["ipam"] ?? new Mapping(map.At)),
            _ => map,
        };
    }

    private static string Name(string key, string path) => path.StartsWith("services.*.blkio_config.", StringComparison.Ordinal) ? char.ToUpperInvariant(key[0]) + key[1..] : key;

    private static void Array(StringBuilder text, Sequence list, string path, JsonStyle style, int depth)
    {
        text.Append('[');
        for (int i = 0; i < list.Items.Count; i++)
        {
            text.Append(i > 0 ? "," : "");
            Line(text, style, depth + 1);
            Value(text, list.Items[i], path + "[]", style, depth + 1);
        }

        if (list.Items.Count > 0)
        {
            Line(text, style, depth);
        }

        text.Append(']');
    }

    private static void Line(StringBuilder text, JsonStyle style, int depth)
    {
        if (!style.ForHash)
        {
            text.Append('\n').Append(' ', depth * 2);
        }
    }

    // Go escapes what means something in HTML.
    private static void Text(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '<' or '>' or '&' => Escaped(text, c),
                < ' ' or '\u2028' or '\u2029' => Escaped(text, c),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    private static StringBuilder Escaped(StringBuilder text, char c) => text.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
}
