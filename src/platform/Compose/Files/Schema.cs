using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Slipway.Compose.Files;

/// <summary>
/// Checks a document against the Compose specification's JSON schema (compose-spec, schema/compose-spec.json). Beyond it: keys that are
/// not there are errors with the nearest valid one, and text stands for numbers and truth values where a variable was put in.
/// </summary>
public static class Schema
{
    private static readonly Lazy<JsonElement> s_root = new(Load);
    private static readonly ConcurrentDictionary<string, Regex> s_patterns = new(StringComparer.Ordinal);

    /// <summary>Checks a whole document.</summary>
    /// <exception cref="ComposeException">The first thing that is wrong.</exception>
    public static void Check(Mapping document)
    {
        if (Fault(document, s_root.Value, "") is { } fault)
        {
            throw fault;
        }
    }

    private static JsonElement Load()
    {
        using Stream stream = typeof(Schema).Assembly.GetManifestResourceStream("compose-spec.schema.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }

    private static JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = s_root.Value;
            foreach (string part in reference.GetString()!.Split('/').Skip(1))
            {
                schema = schema.GetProperty(part);
            }
        }

        return schema;
    }

    private static ComposeException? Fault(Node node, JsonElement unresolved, string path)
    {
        JsonElement schema = Resolve(unresolved);
        if (node.IsReset)
        {
            return null;
        }

        if (schema.TryGetProperty("oneOf", out JsonElement choices) || schema.TryGetProperty("anyOf", out choices))
        {
            return Choice(node, choices, path);
        }

        if (!Fits(node, schema))
        {
            // An empty value for a list or a mapping is as good as none, except where a service has nothing at all.
            bool absent = node.IsNull && TypeNames(schema).Any(t => t is "object" or "array") && !IsService(path);
            return absent ? null : new ComposeException(node.At, path, $"must be {Expected([schema])}, and this is {node.Noun}");
        }

        return node switch
        {
            Mapping map => Members(map, schema, path),
            Sequence list => Items(list, schema, path),
            Scalar scalar => Value(scalar, schema, path),
            _ => null,
        };
    }

    private static bool IsService(string path) => path.StartsWith("services.", StringComparison.Ordinal) && path.Count(c => c == '.') == 1;

    private static ComposeException? Choice(Node node, JsonElement choices, string path)
    {
        List<JsonElement> all = [.. choices.EnumerateArray().Select(Resolve)];
        List<JsonElement> fitting = [.. all.Where(c => c.TryGetProperty("oneOf", out _) || Fits(node, c))];
        if (fitting.Count == 0)
        {
            return node.IsNull ? null : new ComposeException(node.At, path, $"must be {Expected(all)}, and this is {node.Noun}");
        }

        ComposeException? first = null;
        foreach (JsonElement choice in fitting)
        {
            if (Fault(node, choice, path) is not { } fault)
            {
                return null;
            }

            first ??= fault;
        }

        return first;
    }

    private static ComposeException? Members(Mapping map, JsonElement schema, string path)
    {
        bool named = schema.TryGetProperty("properties", out JsonElement properties);
        bool open = !schema.TryGetProperty("additionalProperties", out JsonElement additional) || additional.ValueKind != JsonValueKind.False;
        foreach (Mapping.Entry entry in map.Entries)
        {
            string inner = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            if (named && properties.TryGetProperty(entry.Key, out JsonElement known))
            {
                if (Fault(entry.Value, known, inner) is { } fault)
                {
                    return fault;
                }
            }
            else if (Pattern(schema, entry.Key) is { } pattern)
            {
                if (Fault(entry.Value, pattern, inner) is { } fault)
                {
                    return fault;
                }
            }
            else if (!open)
            {
                return Unknown(entry, named ? properties : default, inner);
            }
            else if (additional.ValueKind == JsonValueKind.Object && Fault(entry.Value, additional, inner) is { } fault)
            {
                return fault;
            }
        }

        foreach (JsonElement required in schema.TryGetProperty("required", out JsonElement list) ? list.EnumerateArray() : default)
        {
            // The specification's own rules supply this one.
            if (!map.Has(required.GetString()!) && required.GetString() != "condition")
            {
                return new ComposeException(map.At, path, $"the key \"{required.GetString()}\" is missing");
            }
        }

        return null;
    }

    private static ComposeException Unknown(Mapping.Entry entry, JsonElement properties, string path)
    {
        IEnumerable<string> names = properties.ValueKind == JsonValueKind.Object ? properties.EnumerateObject().Select(p => p.Name) : [];
        string hint = !names.Any() ? "this name has characters that are not allowed here"
            : NearestKey.Of(entry.Key, names) is { } near ? $"unknown key; did you mean \"{near}\"?" : "unknown key (keys of your own begin with x-)";
        return new ComposeException(entry.At, path, hint);
    }

    private static JsonElement? Pattern(JsonElement schema, string key)
    {
        foreach (JsonProperty pattern in schema.TryGetProperty("patternProperties", out JsonElement patterns) ? patterns.EnumerateObject() : default)
        {
            if (Matches(pattern.Name, key))
            {
                return pattern.Value;
            }
        }

        return null;
    }

    private static ComposeException? Items(Sequence list, JsonElement schema, string path)
    {
        bool unique = schema.TryGetProperty("uniqueItems", out JsonElement flag) && flag.GetBoolean();
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < list.Items.Count; i++)
        {
            Node item = list.Items[i];
            string inner = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (schema.TryGetProperty("items", out JsonElement items) && Fault(item, items, inner) is { } fault)
            {
                return fault;
            }

            if (unique && item is Scalar scalar && !seen.Add(scalar.Text))
            {
                return new ComposeException(item.At, inner, $"\"{scalar.Text}\" is there twice");
            }
        }

        return null;
    }

    private static ComposeException? Value(Scalar scalar, JsonElement schema, string path)
    {
        if (schema.TryGetProperty("enum", out JsonElement allowed) && !allowed.EnumerateArray().Any(a => a.GetString() == scalar.Text))
        {
            IEnumerable<string> words = allowed.EnumerateArray().Select(a => a.GetString()!);
            string hint = NearestKey.Of(scalar.Text, words) is { } near ? $"; did you mean \"{near}\"?" : "";
            return new ComposeException(scalar.At, path, $"must be one of {string.Join(", ", words)}, not \"{scalar.Text}\"{hint}");
        }

        if (schema.TryGetProperty("pattern", out JsonElement pattern) && !Matches(pattern.GetString()!, scalar.Text))
        {
            return new ComposeException(scalar.At, path, $"\"{scalar.Text}\" does not have the form {pattern.GetString()}");
        }

        if (schema.TryGetProperty("format", out JsonElement format) && format.GetString() == "duration" && !Duration.TryParse(scalar.Text, out _))
        {
            return new ComposeException(scalar.At, path, $"\"{scalar.Text}\" is no duration (write 1m30s)");
        }

        return Range(scalar, schema, path);
    }

    private static ComposeException? Range(Scalar scalar, JsonElement schema, string path)
    {
        if (!double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return null;
        }

        bool low = schema.TryGetProperty("minimum", out JsonElement minimum) && number < minimum.GetDouble();
        bool high = schema.TryGetProperty("maximum", out JsonElement maximum) && number > maximum.GetDouble();
        return low || high ? new ComposeException(scalar.At, path, $"{scalar.Text} is out of range ({(low ? "at least " + minimum : "at most " + maximum)})") : null;
    }

    private static IEnumerable<string> TypeNames(JsonElement schema) => !schema.TryGetProperty("type", out JsonElement type) ? []
        : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!];

    private static bool Fits(Node node, JsonElement schema)
    {
        List<string> types = [.. TypeNames(schema)];
        return types.Count == 0 || types.Any(t => t switch
        {
            "object" => node is Mapping,
            "array" => node is Sequence,
            "null" => node.IsNull,
            "string" => node is Scalar { Kind: ScalarKind.Text },
            "integer" => node is Scalar { Kind: ScalarKind.Integer } || (node is Scalar { Interpolated: true } s && PlainScalar.Integer(s.Text) is not null),
            "number" => node is Scalar { Kind: ScalarKind.Integer or ScalarKind.Float }
                || (node is Scalar { Interpolated: true } s && PlainScalar.Resolve(s.At, s.Text).Kind is ScalarKind.Integer or ScalarKind.Float),
            "boolean" => node is Scalar { Kind: ScalarKind.Boolean }
                || (node is Scalar { Interpolated: true } s && PlainScalar.Resolve(s.At, s.Text).Kind == ScalarKind.Boolean),
            _ => false,
        });
    }

    private static string Expected(IEnumerable<JsonElement> schemas) => string.Join(" or ", schemas.SelectMany(TypeNames).Distinct().Where(t => t != "null").Select(t => t switch
    {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        _ => "true or false",
    }));

    private static bool Matches(string pattern, string text) =>
        s_patterns.GetOrAdd(pattern, p => new Regex(p, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)).IsMatch(text);
}
