using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Slipway.Oci;

/// <summary>
/// Reads manifests, indexes and configs that came from outside. A document that could be taken for two kinds is
/// refused (CVE-2021-41190: one digest must not mean two things to two readers).
/// </summary>
internal static class Documents
{
    // Docker and containerd refuse larger manifests; configs have the same bound here.
    private const int MaxBytes = 4 * 1024 * 1024;

    internal static Manifest ParseManifest(ReadOnlySpan<byte> json)
    {
        var manifest = Read(json, OciJson.Default.Manifest, "manifest");
        Require(manifest.SchemaVersion == 2, "manifest: unsupported schema version");
        Require(manifest.Extra?.ContainsKey("manifests") != true, "manifest: both 'layers' and 'manifests' are present");
        Require(manifest.MediaType is null or "" || MediaTypes.IsManifest(manifest.MediaType), "manifest: wrong media type");
        Check(manifest.Config, "manifest: config");
        foreach (var layer in manifest.Layers)
        {
            Check(layer, "manifest: layer");
        }

        return manifest;
    }

    internal static Index ParseIndex(ReadOnlySpan<byte> json)
    {
        var index = Read(json, OciJson.Default.Index, "index");
        Require(index.SchemaVersion == 2, "index: unsupported schema version");
        Require(
            index.Extra?.ContainsKey("layers") != true && index.Extra?.ContainsKey("config") != true,
            "index: both 'manifests' and 'layers' are present");
        Require(index.MediaType is null or "" || MediaTypes.IsIndex(index.MediaType), "index: wrong media type");
        foreach (var manifest in index.Manifests)
        {
            Check(manifest, "index: manifest");
        }

        return index;
    }

    internal static ImageConfig ParseConfig(ReadOnlySpan<byte> json)
    {
        var config = Read(json, OciJson.Default.ImageConfig, "image config");
        Require(
            config.Extra?.ContainsKey("layers") != true && config.Extra?.ContainsKey("manifests") != true,
            "image config: this is a manifest");
        Require(config.History.All(entry => entry is not null), "image config: null in history");
        return config;
    }

    private static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
        where T : class
    {
        Require(json.Length <= MaxBytes, $"{what}: larger than {MaxBytes} bytes");
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new FormatException($"{what}: null");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{what}: {e.Message}", e);
        }
    }

    private static void Check(Descriptor? descriptor, string what)
    {
        Require(descriptor is not null && !descriptor.Digest.IsDefault, $"{what}: no digest");
        Require(descriptor!.Size >= 0, $"{what}: negative size");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new FormatException(message);
        }
    }
}
