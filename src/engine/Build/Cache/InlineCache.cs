using System.Text.Json;
using Slipway.Build.Solve;
using Slipway.Engine.Steps;
using Slipway.Oci;

namespace Slipway.Build.Cache;

/// <summary>
/// Which steps made which layers, in an image's config: BuildKit's <c>moby.buildkit.cache.v0</c>, base64 of a document with layers and records.
/// BuildKit's keys and ours differ, so that either ignores the other's records.
/// </summary>
internal static class InlineCache
{
    private const string Member = "moby.buildkit.cache.v0";

    /// <summary>The config's further members with the records of these steps.</summary>
    internal static Dictionary<string, JsonElement> Add(IDictionary<string, JsonElement>? extra, IReadOnlyList<LayerContent> layers, IReadOnlyList<Solved> steps)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("layers");
            for (var i = 0; i < layers.Count; i++)
            {
                json.WriteStartObject();
                json.WriteNumber("parent", i - 1);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("records");
            var top = layers.Count - steps.Count(step => step.Own is not null) - 1;
            foreach (var step in steps)
            {
                top += step.Own is null ? 0 : 1;
                Record(json, step, top);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        var members = extra is null ? [] : new Dictionary<string, JsonElement>(extra);
        members[Member] = JsonSerializer.SerializeToElement(bytes.ToArray(), InlineCacheJson.Default.ByteArray);
        return members;
    }

    /// <summary>The rows that a config's records stand for.</summary>
    /// <param name="config">The config; what is wrong in it counts as absent.</param>
    /// <param name="description">What the rows are to say.</param>
    internal static IReadOnlyList<BuildCacheRow> Read(ImageConfig config, string description)
    {
        try
        {
            if (config.Extra?.TryGetValue(Member, out var member) != true || member.ValueKind != JsonValueKind.String)
            {
                return [];
            }

            using var document = JsonDocument.Parse(member.GetBytesFromBase64(), new JsonDocumentOptions { MaxDepth = 16 });
            var chains = Oci.Layers.ChainIds(config.RootFs.DiffIds);
            return [.. document.RootElement.GetProperty("records").EnumerateArray().Select(record => Row(record, config, chains, description)).OfType<BuildCacheRow>()];
        }
        catch (Exception e) when (IsMalformed(e))
        {
            return [];
        }
    }

    private static bool IsMalformed(Exception e) => e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException;

    private static void Record(Utf8JsonWriter json, Solved step, int layer)
    {
        json.WriteStartObject();
        json.WriteString("digest", "sha256:" + step.Key);
        json.WriteStartArray("results");
        json.WriteStartObject();
        json.WriteNumber("layer", layer);
        if (step.Created is { } created)
        {
            json.WriteString("createdAt", created.UtcDateTime);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        if (step.Own is null)
        {
            json.WriteBoolean("unchanged", true);
        }

        json.WriteEndObject();
    }

    private static BuildCacheRow? Row(JsonElement record, ImageConfig config, IReadOnlyList<Digest> chains, string description)
    {
        if (!Digest.TryParse(record.GetProperty("digest").GetString() ?? "", out var digest))
        {
            return null;
        }

        var result = record.GetProperty("results")[0];
        var layer = result.GetProperty("layer").GetInt32();
        var unchanged = record.TryGetProperty("unchanged", out var flag) && flag.ValueKind == JsonValueKind.True;
        if (layer < (unchanged ? -1 : 0) || layer >= chains.Count || record.TryGetProperty("inputs", out _))
        {
            return null;
        }

        return new BuildCacheRow
        {
            Key = digest.Hex, ChainId = layer < 0 ? null : chains[layer], Layer = unchanged ? null : config.RootFs.DiffIds[layer], Description = description,
            Created = result.TryGetProperty("createdAt", out var time) && time.TryGetDateTimeOffset(out var created) ? created : DateTimeOffset.UnixEpoch,
        };
    }
}

/// <summary>JSON of bytes: base64.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(byte[]))]
internal sealed partial class InlineCacheJson : System.Text.Json.Serialization.JsonSerializerContext;
