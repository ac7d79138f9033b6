using System.Globalization;
using Slipway.Build.Results;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Reads an exporter's options, and what the client wants attested, as the form of the image.</summary>
internal static class ExportForm
{
    private const string Provenance = "attest:provenance";
    private const string Sbom = "attest:sbom";

    /// <exception cref="EngineException">InvalidArgument for an option that cannot be understood.</exception>
    internal static ImageForm Of(ClientBuild build, FrontendResult result, ExportOrder order) => new()
    {
        Compression = Packing(order.Attributes.GetValueOrDefault("compression")),
        ForceCompression = order.Flag("force-compression"),
        RewriteTimestamps = order.Flag("rewrite-timestamp"),
        InlineCache = build.Request.Cache?.Exports.Any(entry => entry.Type == "inline") == true || result.Options.Argument("BUILDKIT_INLINE_CACHE") == "1",
        Annotations = [.. order.Attributes.Select(option => Annotation(option.Key, option.Value)).OfType<ImageAnnotation>()],
        Subjects = order.Names,
        PackageList = result.Options.Value(Sbom) is not null,
        Provenance = Wanted(result.Options.Value(Provenance), order) is { } mode
            ? new ProvenanceForm(mode.Contains("mode=max", StringComparison.Ordinal), build.Request.Ref, build.Started, result.Options.Values) : null,
    };

    // What clients attach by themselves goes only where it can be seen: to a registry or into an archive.
    private static string? Wanted(string? provenance, ExportOrder order) =>
        provenance is null || provenance.Contains("disabled=true", StringComparison.Ordinal) || (provenance.Contains("inline-only=true", StringComparison.Ordinal) && !order.Push) ? null : provenance;

    private static Compression? Packing(string? text) => text switch
    {
        null or "" => null,
        "uncompressed" => Compression.None,
        "gzip" => Compression.Gzip,
        "zstd" => Compression.Zstd,
        _ => throw EngineException.Invalid($"unsupported layer compression type {text}"),
    };

    // annotation[-place][[platform]].name
    private static ImageAnnotation? Annotation(string option, string value)
    {
        const string prefix = "annotation";
        var dot = option.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !option.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var place = option[prefix.Length..dot];
        var bracket = place.IndexOf('[', StringComparison.Ordinal);
        var platform = bracket >= 0 && place.EndsWith(']') ? Platform.Parse(place[(bracket + 1)..^1]) : null;
        return (bracket >= 0 ? place[..bracket] : place) switch
        {
            "" or "-manifest" => new ImageAnnotation(AnnotationPlace.Manifest, platform, option[(dot + 1)..], value),
            "-index" => new ImageAnnotation(AnnotationPlace.Index, platform, option[(dot + 1)..], value),
            "-manifest-descriptor" => new ImageAnnotation(AnnotationPlace.ManifestDescriptor, platform, option[(dot + 1)..], value),
            "-index-descriptor" => null,
            var other => throw EngineException.Invalid(string.Create(CultureInfo.InvariantCulture, $"unknown annotation type {other}")),
        };
    }
}
