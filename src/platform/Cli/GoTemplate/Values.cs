using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Cli.GoTemplate;

/// <summary>A JSON null where Go has a typed nil; <see cref="Text"/> is what Go would print for it.</summary>
internal sealed record Nil(string Text)
{
    private static readonly HashSet<string> s_maps = new(StringComparer.Ordinal)
    {
        "Labels", "Volumes", "ExposedPorts", "Options", "Ports", "PortBindings", "Sysctls", "Tmpfs", "StorageOpt",
        "Annotations", "DriverOpts", "Data", "Networks", "Containers", "Runtimes", "Attributes",
    };

    private static readonly HashSet<string> s_pointers = new(StringComparer.Ordinal)
    {
        "Health", "Healthcheck", "OomKillDisable", "PidsLimit", "Init", "UsageData", "MemorySwappiness", "IPAMConfig",
        "RootFS", "RegistryConfig", "Swarm", "Status",
    };

    /// <summary>The engine's JSON does not say whether a null was a list, a map or a pointer; the field's name does.</summary>
    public static Nil Of(string field) =>
        new(s_maps.Contains(field) ? "map[]" : s_pointers.Contains(field) ? "<nil>" : "[]");
}

/// <summary>
/// Go's view of values: null, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>,
/// <see cref="Row"/>, <see cref="Nil"/>, lists of those, and JSON objects and arrays.
/// </summary>
internal static class Values
{
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Turns a JSON scalar into a plain value; objects and arrays stay as they are.</summary>
    public static object? FromJson(JsonNode? node, string field = "")
    {
        if (node is null)
        {
            return field.Length == 0 ? null : Nil.Of(field);
        }

        if (node is not JsonValue value)
        {
            return node;
        }

        switch (value.GetValueKind())
        {
            case JsonValueKind.String: return value.GetValue<string>();
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Null: return field.Length == 0 ? null : Nil.Of(field);
            default:
                return value.TryGetValue(out long whole) ? whole
                    : value.TryGetValue(out double real) ? real
                    : long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) ? parsed
                    : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
        }
    }

    public static JsonNode? ToJson(object? value) => value switch
    {
        null or Nil => null,
        JsonNode node => node.DeepClone(),
        bool flag => JsonValue.Create(flag),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        Row row => row.ToJson(),
        IReadOnlyList<object?> list => new JsonArray([.. list.Select(ToJson)]),
        _ => JsonValue.Create(value.ToString()),
    };

    /// <summary>Compact JSON, not escaped for HTML, as docker's <c>json</c> function writes it.</summary>
    public static string JsonText(object? value)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_compact))
        {
            JsonNode? node = value as JsonNode ?? ToJson(value);
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static bool IsTrue(object? value) => value switch
    {
        null or Nil => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JsonArray array => array.Count > 0,
        JsonObject map => map.Count > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        _ => true,
    };

    /// <summary>What Go's <c>fmt.Print</c> writes: <c>[a b]</c> for lists, <c>map[k:v]</c> with sorted keys for maps.</summary>
    public static string Print(object? value) => value switch
    {
        null => "<no value>",
        Nil nil => nil.Text,
        string text => text,
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => Float(number),
        JsonArray array => "[" + string.Join(' ', array.Select(n => PrintNested(FromJson(n)))) + "]",
        JsonObject map => "map[" + string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => p.Key + ":" + PrintNested(FromJson(p.Value)))) + "]",
        Row row => Print(row.ToJson()),
        IReadOnlyList<object?> list => "[" + string.Join(' ', list.Select(PrintNested)) + "]",
        _ => value.ToString() ?? "",
    };

    public static bool TryList(object? value, out List<object?> items)
    {
        items = value switch
        {
            JsonArray array => [.. array.Select(n => FromJson(n))],
            IReadOnlyList<object?> list => [.. list],
            null or Nil => [],
            _ => null!,
        };
        return items is not null;
    }

    private static string PrintNested(object? value) => value is null ? "<nil>" : Print(value);

    /// <summary>Go's %v of a float64: shortest form, exponent from 1e21 on and below 1e-4.</summary>
    private static string Float(double number)
    {
        double size = Math.Abs(number);
        if (size != 0 && (size < 1e-4 || size >= 1e21))
        {
            string text = number.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
            return text;
        }

        return number.ToString("0.#################", CultureInfo.InvariantCulture);
    }
}
