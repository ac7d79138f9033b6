using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Output;

/// <summary>Reads members of what an engine answered; absent, null and of another kind all count as empty.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions s_indented =
        new() { Indented = true, IndentSize = 4, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value ? value.TryGetValue(out string? text) ? text : value.ToJsonString() : "";

    public static long Long(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value
            ? value.TryGetValue(out long number) ? number : value.TryGetValue(out double real) ? (long)real : 0
            : 0;

    public static double Double(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue(out double number) ? number : 0;

    public static bool Bool(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    public static JsonObject? Object(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonObject;

    public static IEnumerable<JsonNode?> List(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonArray ?? [];

    public static IEnumerable<string> Strings(this JsonNode? node, string name) =>
        node.List(name).OfType<JsonValue>().Select(v => v.TryGetValue(out string? text) ? text : v.ToJsonString());

    public static IEnumerable<KeyValuePair<string, string>> Map(this JsonNode? node, string name) =>
        (node.Object(name) ?? []).Select(p => KeyValuePair.Create(p.Key, (node.Object(name)).Text(p.Key)));

    /// <summary><c>a=b,c=d</c>, sorted by key.</summary>
    public static string Labels(this JsonNode? node, string name = "Labels") =>
        string.Join(',', node.Map(name).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Key + "=" + p.Value));

    /// <summary>Indented by four, as docker prints inspections.</summary>
    public static string Indented(JsonNode? node)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, s_indented))
        {
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
