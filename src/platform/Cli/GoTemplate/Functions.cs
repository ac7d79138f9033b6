using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Cli.GoTemplate;

/// <summary>The functions of Go's templates and those that docker adds.</summary>
internal static class Functions
{
    private static readonly Dictionary<string, Func<List<object?>, object?>> s_all = new(StringComparer.Ordinal)
    {
        ["and"] = a => a.LastOrDefault(),
        ["or"] = a => a.LastOrDefault(),
        ["not"] = a => !Values.IsTrue(Argument("not", a, 0)),
        ["len"] = a => Length(Argument("len", a, 0)),
        ["index"] = Index,
        ["slice"] = Slice,
        ["print"] = Print,
        ["println"] = a => string.Join(' ', a.Select(Values.Print)) + "\n",
        ["printf"] = a => Printf.Format(Text("printf", a, 0), [.. a.Skip(1)]),
        ["html"] = a => System.Net.WebUtility.HtmlEncode(Print(a)),
        ["js"] = a => System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(Print(a)),
        ["urlquery"] = a => Uri.EscapeDataString(Print(a)),
        ["eq"] = a => a.Skip(1).Any(b => Comparison.AreEqual(Argument("eq", a, 0), b)),
        ["ne"] = a => !Comparison.AreEqual(Argument("ne", a, 0), Argument("ne", a, 1)),
        ["lt"] = a => Comparison.Order(Argument("lt", a, 0), Argument("lt", a, 1)) < 0,
        ["le"] = a => Comparison.Order(Argument("le", a, 0), Argument("le", a, 1)) <= 0,
        ["gt"] = a => Comparison.Order(Argument("gt", a, 0), Argument("gt", a, 1)) > 0,
        ["ge"] = a => Comparison.Order(Argument("ge", a, 0), Argument("ge", a, 1)) >= 0,
        ["json"] = a => Values.JsonText(Argument("json", a, 0)),
        ["lower"] = a => Text("lower", a, 0).ToLowerInvariant(),
        ["upper"] = a => Text("upper", a, 0).ToUpperInvariant(),
        ["title"] = a => Title(Text("title", a, 0)),
        ["split"] = a => Split(Text("split", a, 0), Text("split", a, 1)),
        ["join"] = a => Join(Argument("join", a, 0), Text("join", a, 1)),
        ["pad"] = a => Pad(Text("pad", a, 0), Integer("pad", a, 1), Integer("pad", a, 2)),
        ["truncate"] = a => Truncate(Text("truncate", a, 0), Integer("truncate", a, 1)),
    };

    private static readonly HashSet<string> s_changesText =
        new(StringComparer.Ordinal) { "json", "lower", "upper", "title", "split", "join", "pad", "truncate" };

    public static bool Exists(string name) => s_all.ContainsKey(name);

    /// <summary>Whether a column's title passes through the function unchanged.</summary>
    public static bool ChangesText(string name) => s_changesText.Contains(name);

    public static object? Call(string name, List<object?> arguments) => s_all[name](arguments);

    private static object? Argument(string function, List<object?> arguments, int at) => at < arguments.Count
        ? arguments[at]
        : throw new TemplateException($"wrong number of args for {function}: want {at + 1} got {arguments.Count}");

    private static string Text(string function, List<object?> arguments, int at) => Argument(function, arguments, at) switch
    {
        string text => text,
        null => "",
        var other => Values.Print(other),
    };

    private static int Integer(string function, List<object?> arguments, int at) => Argument(function, arguments, at) switch
    {
        long number when number is >= 0 and <= 1_000_000 => (int)number,
        _ => throw new TemplateException($"{function}: argument {at + 1} must be a small positive integer"),
    };

    private static object Length(object? value) => value switch
    {
        string text => (long)Encoding.UTF8.GetByteCount(text),
        JsonObject map => (long)map.Count,
        _ when Values.TryList(value, out List<object?> items) => (long)items.Count,
        _ => throw new TemplateException($"len of {Values.Print(value)}"),
    };

    private static object? Index(List<object?> arguments)
    {
        object? value = Argument("index", arguments, 0);
        foreach (object? key in arguments.Skip(1))
        {
            value = value switch
            {
                JsonObject map => map.TryGetPropertyValue(Values.Print(key), out JsonNode? node) ? Values.FromJson(node, Values.Print(key)) : "",
                null or Nil when key is string => "",
                _ => Element(value, key),
            };
        }

        return value;
    }

    private static object? Element(object? value, object? key)
    {
        if (key is not long position)
        {
            throw new TemplateException($"error calling index: cannot index slice/array with {Values.Print(key)}");
        }

        if (value is string text && position >= 0 && position < text.Length)
        {
            return (long)text[(int)position];
        }

        return Values.TryList(value, out List<object?> items) && position >= 0 && position < items.Count
            ? items[(int)position]
            : throw new TemplateException($"error calling index: reflect: slice index out of range: {position}");
    }

    private static object? Slice(List<object?> arguments)
    {
        object? value = Argument("slice", arguments, 0);
        int from = arguments.Count > 1 ? Integer("slice", arguments, 1) : 0;
        int size = value is string s ? s.Length : Values.TryList(value, out List<object?> all) ? all.Count : 0;
        int to = arguments.Count > 2 ? Integer("slice", arguments, 2) : size;
        if (from > to || to > size)
        {
            throw new TemplateException($"error calling slice: index out of range: {Math.Max(from, to)}");
        }

        if (value is string text)
        {
            return text[from..to];
        }

        Values.TryList(value, out List<object?> items);
        return items.GetRange(from, to - from);
    }

    /// <summary>Go's Sprint: a space between two operands when neither is a string.</summary>
    private static string Print(List<object?> arguments)
    {
        StringBuilder text = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            if (i > 0 && arguments[i] is not string && arguments[i - 1] is not string)
            {
                text.Append(' ');
            }

            text.Append(Values.Print(arguments[i]));
        }

        return text.ToString();
    }

    private static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            if (i == 0 || !(char.IsLetterOrDigit(letters[i - 1]) || letters[i - 1] is '_' or '\''))
            {
                letters[i] = char.ToUpperInvariant(letters[i]);
            }
        }

        return new string(letters);
    }

    private static List<object?> Split(string text, string separator) =>
        separator.Length == 0 ? [.. text.Select(c => (object?)c.ToString())] : [.. text.Split(separator)];

    private static string Join(object? value, string separator) => Values.TryList(value, out List<object?> items)
        ? string.Join(separator, items.Select(Values.Print))
        : throw new TemplateException($"error calling join: {Values.Print(value)} is not a list");

    private static string Pad(string text, int before, int after) =>
        text.Length == 0 ? text : new string(' ', before) + text + new string(' ', after);

    private static string Truncate(string text, int length) => text.Length <= length ? text : text[..length];
}

/// <summary>Go's basic comparisons; numbers compare across integer and float.</summary>
internal static class Comparison
{
    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null or Nil, null or Nil) => true,
        (null or Nil, _) or (_, null or Nil) => false,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (bool a, bool b) => a == b,
        (long or double, long or double) => Number(left) == Number(right),
        _ => throw new TemplateException("error calling eq: incompatible types for comparison"),
    };

    public static int Order(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (long a, long b) => a.CompareTo(b),
        (long or double, long or double) => Number(left).CompareTo(Number(right)),
        _ => throw new TemplateException("error calling lt: incompatible types for comparison"),
    };

    private static double Number(object? value) =>
        value is long whole ? whole : Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
