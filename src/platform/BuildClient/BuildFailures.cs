using System.Text;
using System.Text.Json;
using Slipway.BuildKitApi.Grpc;

namespace Slipway.BuildClient;

/// <summary>Reads failures as BuildKit tells them.</summary>
internal static class BuildFailures
{
    private const string SourceType = "github.com/moby/buildkit/errdefs.Source+json";

    internal static BuildFailedException Of(GrpcException error)
    {
        var source = error.Status.Details.FirstOrDefault(detail => detail.TypeUrl == SourceType);
        return new BuildFailedException(error.Message, source is null ? null : Place(source.Value.Memory), error);
    }

    // {"info":{"filename":…,"data":base64},"ranges":[{"start":{"line":…},"end":{"line":…}}]}
    private static BuildFailurePlace? Place(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var info = document.RootElement.GetProperty("info");
            var range = document.RootElement.GetProperty("ranges")[0];
            var first = range.GetProperty("start").GetProperty("line").GetInt32();
            var last = range.TryGetProperty("end", out var end) && end.TryGetProperty("line", out var line) ? line.GetInt32() : first;
            return new BuildFailurePlace(info.GetProperty("filename").GetString() ?? "", Encoding.UTF8.GetString(info.GetProperty("data").GetBytesFromBase64()), first, Math.Max(first, last));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException)
        {
            // The message says what matters.
            return null;
        }
    }
}
