using System.Diagnostics.CodeAnalysis;

namespace Slipway.Compose.Files;

/// <summary>A value of a YAML document that knows where it stands.</summary>
/// <param name="at">Where it begins.</param>
public abstract class Node(Position at)
{
    /// <summary>Where it begins.</summary>
    public Position At { get; } = at;

    /// <summary><c>!reset</c>, <c>!override</c>, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether the key shall vanish from what is merged so far.</summary>
    public bool IsReset => Tag == "!reset";

    /// <summary>Whether this replaces what is merged so far instead of joining it.</summary>
    public bool IsOverride => Tag == "!override";

    /// <summary>Whether it is an empty or null scalar.</summary>
    public bool IsNull => this is Scalar { Kind: ScalarKind.Null };

    /// <summary>What it is, in words of error messages.</summary>
    public string Noun => this switch
    {
        Mapping => "a mapping",
        Sequence => "a list",
        Scalar { Kind: ScalarKind.Null } => "empty",
        Scalar { Kind: ScalarKind.Integer or ScalarKind.Float } => "a number",
        Scalar { Kind: ScalarKind.Boolean } => "a truth value",
        _ => "a string",
    };
}

/// <summary>What an unquoted scalar means.</summary>
public enum ScalarKind
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>A whole number; the text is decimal.</summary>
    Integer,

    /// <summary>A number with a fraction or an exponent.</summary>
    Float,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>Nothing.</summary>
    Null,
}

/// <summary>A single value.</summary>
public sealed class Scalar(Position at, string text, ScalarKind kind = ScalarKind.Text) : Node(at)
{
    /// <summary>Its text, in a canonical form for numbers and truth values.</summary>
    public string Text { get; } = text;

    /// <summary>What it means.</summary>
    public ScalarKind Kind { get; } = kind;

    /// <summary>Whether a variable was put in, so that text may stand for a number.</summary>
    public bool Interpolated { get; init; }
}

/// <summary>A list.</summary>
public sealed class Sequence(Position at, IReadOnlyList<Node> items) : Node(at)
{
    /// <summary>Its elements.</summary>
    public IReadOnlyList<Node> Items { get; } = items;
}

/// <summary>Keys and values in the order of the file.</summary>
public sealed class Mapping(Position at) : Node(at)
{
    private readonly OrderedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>A key with its place, and its value.</summary>
    /// <param name="Key">The key.</param>
    /// <param name="At">Where the key stands.</param>
    /// <param name="Value">The value.</param>
    public readonly record struct Entry(string Key, Position At, Node Value);

    /// <summary>All entries.</summary>
    public IEnumerable<Entry> Entries => _entries.Values;

    /// <summary>All keys.</summary>
    public IEnumerable<string> Keys => _entries.Keys;

    /// <summary>How many entries.</summary>
    public int Count => _entries.Count;

    /// <summary>The value of a key, or null.</summary>
    public Node? this[string key] => _entries.TryGetValue(key, out Entry entry) ? entry.Value : null;

    /// <summary>Whether there is such a key.</summary>
    public bool Has(string key) => _entries.ContainsKey(key);

    /// <summary>An entry by its key.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out Node? value)
    {
        value = this[key];
        return value is not null;
    }

    /// <summary>Puts a value in; an existing key keeps its place in the order.</summary>
    public Mapping Set(string key, Node value, Position? at = null)
    {
        _entries[key] = new Entry(key, at ?? value.At, value);
        return this;
    }

    /// <summary>Puts a text in.</summary>
    public Mapping Set(string key, string text, Position at) => Set(key, new Scalar(at, text));

    /// <summary>Takes a key out.</summary>
    public Mapping Remove(string key)
    {
        _entries.Remove(key);
        return this;
    }

    /// <summary>A copy whose entries can be changed without changing this one's.</summary>
    public Mapping Copy()
    {
        Mapping copy = new(At) { Tag = Tag };
        foreach (Entry entry in Entries)
        {
            copy.Set(entry.Key, entry.Value, entry.At);
        }

        return copy;
    }
}

/// <summary>Reading of values that have been checked already.</summary>
public static class NodeReading
{
    /// <summary>The text of a scalar; null for anything else and for null.</summary>
    public static string? Text(this Node? node) => node is Scalar { Kind: not ScalarKind.Null } scalar ? scalar.Text : null;

    /// <summary>The text of a key's scalar, or null.</summary>
    public static string? Text(this Mapping? node, string key) => node?[key].Text();

    /// <summary>A key's mapping, or null.</summary>
    public static Mapping? Map(this Mapping? node, string key) => node?[key] as Mapping;

    /// <summary>A key's elements; none when it is absent.</summary>
    public static IReadOnlyList<Node> Items(this Mapping? node, string key) => (node?[key] as Sequence)?.Items ?? [];

    /// <summary>A key's list of texts.</summary>
    public static IReadOnlyList<string> Texts(this Mapping? node, string key) => [.. node.Items(key).Select(i => i.Text() ?? "")];

    /// <summary>Whether a key is true.</summary>
    public static bool Flag(this Mapping? node, string key) => node.Text(key) == "true";

    /// <summary>A key's whole number, or null.</summary>
    public static long? Number(this Mapping? node, string key) =>
        long.TryParse(node.Text(key), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long value) ? value : null;

    /// <summary>A key's mapping as texts; null values become empty.</summary>
    public static IReadOnlyDictionary<string, string> Pairs(this Mapping? node, string key) =>
        node.Map(key)?.Entries.ToDictionary(e => e.Key, e => e.Value.Text() ?? "", StringComparer.Ordinal) ?? [];
}
