using System.Text;
using System.Text.Json;

namespace Slipway.BuildKit;

/// <summary>Platforms as messages have them.</summary>
internal static class Platforms
{
    internal static Slipway.BuildKitApi.Messages.Platform ToMessage(Oci.Platform platform) =>
        new() { Architecture = platform.Architecture, Os = platform.Os, Variant = platform.Variant ?? "" };

    /// <summary>Which result of a build is for which platform, as BuildKit's clients read it.</summary>
    internal static string ToJson(IEnumerable<Oci.Platform> platforms)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("Platforms");
            foreach (var platform in platforms)
            {
                json.WriteStartObject();
                json.WriteString("ID", platform.ToString());
                json.WriteStartObject("Platform");
                json.WriteString("architecture", platform.Architecture);
                json.WriteString("os", platform.Os);
                if (platform.Variant is { Length: > 0 } variant)
                {
                    json.WriteString("variant", variant);
                }

                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
