using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Lists and maps as JSON.</summary>
internal static class JsonBuild
{
    public static JsonArray Strings(IEnumerable<string> items) => new([.. items.Select(i => (JsonNode?)JsonValue.Create(i))]);

    public static JsonArray? StringsOrNull(IReadOnlyCollection<string> items) => items.Count == 0 ? null : Strings(items);

    public static JsonObject Map(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        JsonObject map = [];
        foreach ((string key, string value) in pairs)
        {
            map[key] = value;
        }

        return map;
    }

    public static JsonObject? MapOrNull(IReadOnlyCollection<KeyValuePair<string, string>> pairs) => pairs.Count == 0 ? null : Map(pairs);

    /// <summary>A Go set: every key with an empty object.</summary>
    public static JsonObject Set(IEnumerable<string> keys)
    {
        JsonObject map = [];
        foreach (string key in keys)
        {
            map[key] = new JsonObject();
        }

        return map;
    }

    public static JsonArray Array(IEnumerable<JsonNode?> items) => new([.. items]);
}
