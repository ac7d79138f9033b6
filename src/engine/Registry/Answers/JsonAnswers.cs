using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Slipway.Registry.Answers;

/// <summary>Writes documents and errors.</summary>
internal static class JsonAnswers
{
    internal static Task WriteAsync<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json") =>
        WriteAsync(http, status, JsonSerializer.SerializeToUtf8Bytes(value, type), contentType);

    internal static async Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> document, string contentType)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = document.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.BodyWriter.WriteAsync(document, http.RequestAborted);
        }
    }

    internal static async Task ErrorAsync(HttpContext http, int status, params ErrorEntry[] errors)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await WriteAsync(http, status, new ErrorList(errors), RegistryJson.Default.ErrorList);
    }
}
