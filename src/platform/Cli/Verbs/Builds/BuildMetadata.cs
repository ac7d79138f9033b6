using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.BuildClient;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs.Builds;

/// <summary>What <c>--metadata-file</c> writes: what the engine tells of the result, as buildx writes it.</summary>
internal static class BuildMetadata
{
    public static string Write(BuildOutcome outcome)
    {
        JsonObject document = new() { ["buildx.build.ref"] = $"default/default/{outcome.Id}" };
        foreach ((string name, string value) in outcome.Told.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            document[name] = Value(value);
        }

        return Json.Indented(document) + "\n";
    }

    // Documents come as base64 of JSON.
    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(Convert.FromBase64String(text)) is JsonObject document ? document : text;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return text;
        }
    }
}
