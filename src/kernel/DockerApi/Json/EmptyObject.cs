using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>An object without members, the value in Docker's sets (<c>"ExposedPorts": {"80/tcp": {}}</c>).</summary>
[JsonConverter(typeof(EmptyObjectConverter))]
public readonly record struct EmptyObject;

/// <summary>Writes <c>{}</c>; reads any object, or null as Go does.</summary>
public sealed class EmptyObjectConverter : JsonConverter<EmptyObject>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override EmptyObject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null))
        {
            throw new JsonException("expected an object");
        }

        // The serializer has the whole value in its buffer before it calls a converter; Skip would yet refuse a partial document.
        return reader.TrySkip() ? default(EmptyObject) : throw new JsonException("incomplete object");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, EmptyObject value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteEndObject();
    }
}
