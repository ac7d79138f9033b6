using System.Globalization;

namespace Slipway.Compose.Files;

/// <summary>Conversions of single values into their long form. Values tagged <c>!reset</c> pass through.</summary>
internal static class Forms
{
    /// <summary>Converts every value of a mapping but those of <c>x-</c> keys; null results are left out.</summary>
    public static Mapping Each(Mapping map, string path, Func<string, Node, string, Node?> convert)
    {
        Mapping result = new(map.At) { Tag = map.Tag };
        foreach (Mapping.Entry entry in map.Entries)
        {
            string inner = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            Node? value = entry.Value.IsReset || entry.Key.StartsWith("x-", StringComparison.Ordinal) ? entry.Value : convert(entry.Key, entry.Value, inner);
            if (value is not null)
            {
                result.Set(entry.Key, value, entry.At);
            }
        }

        return result;
    }

    /// <summary>Converts the values of a mapping of names of the author's choice; an empty one is no mapping.</summary>
    public static Node? Named(Node node, string path, Func<string, Node, string, Node?> convert)
    {
        if (node is not Mapping map)
        {
            return null;
        }

        Mapping result = new(map.At) { Tag = map.Tag };
        foreach (Mapping.Entry entry in map.Entries)
        {
            Node? value = entry.Value.IsReset || (entry.Key.StartsWith("x-", StringComparison.Ordinal) && entry.Value is not Mapping) ? entry.Value
                : convert(entry.Key, entry.Value, $"{path}.{entry.Key}");
            if (value is not null)
            {
                result.Set(entry.Key, value, entry.At);
            }
        }

        return result;
    }

    /// <summary>Any scalar as text; other nodes and null as they are.</summary>
    public static Node Text(Node node) => node is Scalar { Kind: not ScalarKind.Text and not ScalarKind.Null } scalar ? new Scalar(scalar.At, scalar.Text) { Tag = scalar.Tag } : node;

    /// <summary>A value without a form of its own: null is absent, scalars are text.</summary>
    public static Node? Plain(string key, Node node) => node.IsNull ? null : Text(node);

    /// <summary>Text changed by a function.</summary>
    public static Node Map(Node node, Func<string, string> change) => node is Scalar { Kind: not ScalarKind.Null } scalar ? new Scalar(scalar.At, change(scalar.Text)) { Tag = scalar.Tag } : node;

    /// <summary>True or false.</summary>
    public static Node? Flag(Node node, string path)
    {
        if (node.IsNull)
        {
            return null;
        }

        Scalar value = (Scalar)node;
        return value.Kind == ScalarKind.Boolean ? value : value.Text switch
        {
            "true" or "True" or "TRUE" or "1" or "t" or "y" or "yes" or "on" => new Scalar(value.At, "true", ScalarKind.Boolean) { Tag = value.Tag },
            "false" or "False" or "FALSE" or "0" or "f" or "n" or "no" or "off" => new Scalar(value.At, "false", ScalarKind.Boolean) { Tag = value.Tag },
            _ => throw new ComposeException(value.At, path, $"\"{value.Text}\" is neither true nor false"),
        };
    }

    /// <summary>A whole number.</summary>
    public static Node? Integer(Node node, string path)
    {
        if (node.IsNull)
        {
            return null;
        }

        Scalar value = (Scalar)node;
        return PlainScalar.Integer(value.Text) is { } number
            ? new Scalar(value.At, number.ToString(CultureInfo.InvariantCulture), ScalarKind.Integer) { Tag = value.Tag }
            : throw new ComposeException(value.At, path, $"\"{value.Text}\" is no whole number");
    }

    /// <summary>A number.</summary>
    public static Node? Number(Node node, string path)
    {
        if (node.IsNull)
        {
            return null;
        }

        Scalar value = (Scalar)node;
        return double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? new Scalar(value.At, PlainScalar.Float(number), ScalarKind.Float) { Tag = value.Tag }
            : throw new ComposeException(value.At, path, $"\"{value.Text}\" is no number");
    }

    /// <summary>Bytes; the result is text, as Compose writes it.</summary>
    public static Node? Size(Node node, string path)
    {
        if (node.IsNull)
        {
            return null;
        }

        Scalar value = (Scalar)node;
        return Bytes.Parse(value.Text) is { } bytes
            ? new Scalar(value.At, bytes.ToString(CultureInfo.InvariantCulture)) { Tag = value.Tag }
            : throw new ComposeException(value.At, path, $"\"{value.Text}\" is no amount of memory (write 64m)");
    }

    /// <summary>A duration in Go's form.</summary>
    public static Node? Time(Node node, string path)
    {
        if (node.IsNull)
        {
            return null;
        }

        Scalar value = (Scalar)node;
        return Duration.TryParse(value.Text, out long nanoseconds) ? new Scalar(value.At, Duration.Format(nanoseconds)) { Tag = value.Tag }
            : throw new ComposeException(value.At, path, $"\"{value.Text}\" is no duration (write 1m30s)");
    }

    /// <summary>A list of texts, from a list or a single text.</summary>
    public static Node? TextList(Node node) => node switch
    {
        { IsNull: true } => null,
        Sequence list => new Sequence(list.At, [.. list.Items.Select(Text)]) { Tag = list.Tag },
        _ => new Sequence(node.At, [Text(node)]) { Tag = node.Tag },
    };

    /// <summary>A mapping of texts, from a mapping or a list of <c>a=b</c>; no value is an empty one.</summary>
    public static Node? StringMap(Node node, string path) => Pairs(node, path, keepNull: false);

    /// <summary>As <see cref="StringMap"/>, but what has no value stays null.</summary>
    public static Node? Pairs(Node node, string path, bool keepNull = true)
    {
        if (node.IsNull)
        {
            return null;
        }

        Mapping result = new(node.At) { Tag = node.Tag };
        if (node is Mapping map)
        {
            foreach (Mapping.Entry entry in map.Entries)
            {
                bool scalar = entry.Value is Scalar || entry.Value.IsReset;
                Node value = scalar ? Text(entry.Value) : throw new ComposeException(entry.Value.At, $"{path}.{entry.Key}", $"must be a string, and this is {entry.Value.Noun}");
                result.Set(entry.Key, value.IsNull && !value.IsReset && !keepNull ? new Scalar(value.At, "") : value, entry.At);
            }

            return result;
        }

        foreach (Node item in node is Sequence list ? list.Items : [node])
        {
            string text = item.Text() ?? "";
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            Node value = equals < 0 ? new Scalar(item.At, "", keepNull ? ScalarKind.Null : ScalarKind.Text) : new Scalar(item.At, text[(equals + 1)..]);
            result.Set(equals < 0 ? text : text[..equals], value, item.At);
        }

        return result;
    }

    /// <summary>A list whose elements are mappings, or short forms that a function writes out.</summary>
    public static Node? Objects(Node node, string path, Func<Scalar, string, IEnumerable<Mapping>> expand, Func<Mapping, string, Mapping> complete)
    {
        if (node is not Sequence list)
        {
            return null;
        }

        List<Node> result = [];
        for (int i = 0; i < list.Items.Count; i++)
        {
            string inner = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            result.AddRange(list.Items[i] is Scalar scalar ? expand(scalar, inner).Select(m => complete(m, inner)) : [complete((Mapping)list.Items[i], inner)]);
        }

        return new Sequence(list.At, result) { Tag = list.Tag };
    }
}
