using System.Text.Json;

namespace Slipway.DockerApi;

/// <summary>
/// The <c>filters</c> query parameter: names to sets of values. Docker writes <c>{"label":{"a=b":true}}</c>, newer clients
/// <c>{"label":["a=b"]}</c>; both are read.
/// </summary>
public sealed class Filters
{
    private readonly SortedDictionary<string, IReadOnlyList<string>> _values = new(StringComparer.Ordinal);

    /// <summary>No filters at all.</summary>
    public static Filters None { get; } = new();

    /// <summary>Whether nothing is filtered.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>Names in use.</summary>
    public IReadOnlyCollection<string> Names => _values.Keys;

    /// <summary>Values for a name; empty when it is not in use.</summary>
    public IReadOnlyList<string> this[string name] => _values.GetValueOrDefault(name, []);

    /// <summary>Whether a name is in use.</summary>
    public bool Contains(string name) => _values.ContainsKey(name);

    /// <summary>The same filters with one more value.</summary>
    public Filters With(string name, string value)
    {
        var copy = new Filters();
        foreach (var (key, values) in _values)
        {
            copy._values[key] = values;
        }

        copy._values[name] = [.. this[name], value];
        return copy;
    }

    /// <summary>Reads the parameter; null and the empty string are no filters.</summary>
    /// <exception cref="FormatException">The text is neither of the two forms.</exception>
    public static Filters Parse(string? json)
    {
        if (string.IsNullOrEmpty(json))
        {
            return None;
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new FormatException("invalid filter: " + e.Message, e);
        }
    }

    /// <summary>The names in use that are not among <paramref name="accepted"/>.</summary>
    public IEnumerable<string> Except(IEnumerable<string> accepted) => _values.Keys.Except(accepted, StringComparer.Ordinal);

    /// <summary>The parameter's text, in the form every engine reads.</summary>
    public string ToJson()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, values) in _values)
            {
                writer.WriteStartObject(name);
                foreach (var value in values.Distinct(StringComparer.Ordinal))
                {
                    writer.WriteBoolean(value, true);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static Filters Read(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Null)
        {
            return None;
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("invalid filter: expected an object");
        }

        var filters = new Filters();
        foreach (var property in root.EnumerateObject())
        {
            filters._values[property.Name] = property.Value.ValueKind switch
            {
                JsonValueKind.Array => [.. property.Value.EnumerateArray().Select(Text).Distinct(StringComparer.Ordinal)],
                JsonValueKind.Object =>
                    [.. property.Value.EnumerateObject().Where(Set).Select(p => p.Name).Distinct(StringComparer.Ordinal)],
                JsonValueKind.Null => [],
                _ => throw new FormatException($"invalid filter '{property.Name}'"),
            };
        }

        return filters;
    }

    private static string Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String
            ? element.GetString()!
            : throw new FormatException("invalid filter: expected strings");

    // Docker keeps a value set to false as a member of the set; clients never send one.
    private static bool Set(JsonProperty property) =>
        property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? true
            : throw new FormatException("invalid filter: expected true or false");
}
