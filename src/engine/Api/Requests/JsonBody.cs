using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>Reads a request's JSON document: bounded in size and depth, and wrong input is always the client's error.</summary>
internal static class JsonBody
{
    /// <summary>Bytes of the largest document that is read.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Reads the document; null when there is no body or it is the word <c>null</c>.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        if (!IsThere(http))
        {
            return null;
        }

        if (http.Request.ContentLength > MaxBytes)
        {
            throw TooLarge(http);
        }

        var initial = (int)(http.Request.ContentLength + 1 ?? 4096);
        var buffer = ArrayPool<byte>.Shared.Rent(initial);
        try
        {
            var length = 0;
            for (int read; (read = await http.Request.Body.ReadAsync(buffer.AsMemory(length), http.RequestAborted)) > 0;)
            {
                length += read;
                buffer = length < buffer.Length ? buffer : Grow(buffer, http);
            }

            return Parse(http, buffer.AsSpan(0, length), type);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a document that must be there.</summary>
    public static async Task<T> ReadRequiredAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class =>
        await ReadAsync(http, type) ?? throw EngineException.Invalid("invalid JSON: got EOF while reading request body");

    /// <summary>Reads past a body that means nothing, so that the connection's next bytes are the client's stream.</summary>
    public static async Task SkipAsync(HttpContext http)
    {
        if (!IsThere(http))
        {
            return;
        }

        var buffer = new byte[4096];
        for (long total = 0, read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0;)
        {
            total += read;
            if (total > MaxBytes)
            {
                throw TooLarge(http);
            }
        }
    }

    // Behind the headers of an upgrade request without a body lies the stream itself, which must not be taken for one.
    private static bool IsThere(HttpContext http) => http.Request.ContentLength > 0 || http.Request.Headers.TransferEncoding.Count > 0;

    private static byte[] Grow(byte[] buffer, HttpContext http)
    {
        if (buffer.Length > MaxBytes)
        {
            throw TooLarge(http);
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger.AsSpan());
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static T? Parse<T>(HttpContext http, ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        if (json.IsEmpty)
        {
            return null;
        }

        RequireJson(http.Request.ContentType);
        try
        {
            RequireNoEmptyItems(json);
            return JsonSerializer.Deserialize(json, type);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            throw EngineException.Invalid("invalid JSON: " + e.Message, e);
        }
    }

    // No list of the API has an item that may be null, and none of its readers expects one.
    private static void RequireNoEmptyItems(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var lists = new Stack<bool>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    lists.Push(reader.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndArray or JsonTokenType.EndObject:
                    lists.Pop();
                    break;
                // A member's value follows its name; only in a list a null stands alone.
                case JsonTokenType.Null when lists.TryPeek(out var list) && list:
                    throw EngineException.Invalid($"invalid JSON: a list has a null item at byte {reader.TokenStartIndex}");
            }
        }
    }

    // The rest of an oversized body is not read: the connection ends with the answer.
    private static BadHttpRequestException TooLarge(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return new BadHttpRequestException("http: request body too large", 413);
    }

    private static void RequireJson(string? contentType)
    {
        var type = (contentType ?? "").AsSpan();
        var end = type.IndexOf(';');
        if (!(end < 0 ? type : type[..end]).Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw EngineException.Invalid($"unsupported Content-Type header ({contentType}): must be 'application/json'");
        }
    }
}
