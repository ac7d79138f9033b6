using System.Text.Json;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>
/// Says what a document from a registry is. The answer's header, the document's own words and the parent's descriptor must agree: one digest
/// must not mean two things (CVE-2021-41190).
/// </summary>
internal static class DocumentKind
{
    private const string Schema1 = "application/vnd.docker.distribution.manifest.v1";

    internal static string Of(byte[] content, string header, string? parent)
    {
        if (header.StartsWith(Schema1, StringComparison.Ordinal))
        {
            throw new EngineException(ErrorKind.NotImplemented, "Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported: ask the author of the image to upgrade it");
        }

        var (said, layers, manifests) = Look(content);
        if (layers && manifests)
        {
            throw EngineException.Invalid("invalid manifest: both 'layers' and 'manifests' are present");
        }

        var type = Known(said) ? said : Known(header) ? header : Known(parent) ? parent! : manifests ? MediaTypes.OciIndex : layers ? MediaTypes.OciManifest
            : throw EngineException.Invalid($"unsupported manifest format: media type \"{Shown(header)}\"");
        foreach (var other in (ReadOnlySpan<string?>)[header, parent])
        {
            if (Known(other) && other != type)
            {
                throw EngineException.Invalid($"invalid manifest: its media type is {type}, but {other} was announced");
            }
        }

        return MediaTypes.IsIndex(type) == manifests || (!layers && !manifests)
            ? type
            : throw EngineException.Invalid($"invalid manifest: its content contradicts its media type {type}");
    }

    private static bool Known(string? type) => type is not null && (MediaTypes.IsIndex(type) || MediaTypes.IsManifest(type));

    private static string Shown(string text) => text.Length > 100 ? text[..100] : text;

    private static (string Type, bool Layers, bool Manifests) Look(byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw EngineException.Invalid("invalid manifest: it is no JSON object");
            }

            var type = root.TryGetProperty("mediaType", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            return (type, root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _), root.TryGetProperty("manifests", out _));
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"invalid manifest: {e.Message}", e);
        }
    }
}
