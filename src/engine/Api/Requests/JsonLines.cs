using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Slipway.Api.Routing;

namespace Slipway.Api.Requests;

/// <summary>Streams of JSON documents, one per line, each sent as soon as it is there.</summary>
internal static class JsonLines
{
    /// <summary>Writes one document; the first one brings the headers along.</summary>
    public static async Task WriteAsync<T>(ApiCall call, T value, JsonTypeInfo<T> type)
    {
        var response = call.Http.Response;
        if (!response.HasStarted)
        {
            response.ContentType = "application/json";
        }

        using (var writer = new Utf8JsonWriter((IBufferWriter<byte>)response.BodyWriter, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        response.BodyWriter.Write("\n"u8);
        await response.BodyWriter.FlushAsync(call.Aborted);
    }
}
