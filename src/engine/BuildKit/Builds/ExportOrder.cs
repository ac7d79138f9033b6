using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>How a client wants its result.</summary>
/// <param name="Type"><c>image</c> (also <c>moby</c>), <c>docker</c>, <c>oci</c>, <c>local</c> or <c>tar</c>.</param>
/// <param name="Attributes">The exporter's options.</param>
internal sealed record ExportOrder(string Type, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>The names that the image gets.</summary>
    /// <exception cref="EngineException">InvalidArgument for a name that is none.</exception>
    internal IReadOnlyList<Reference> Names => [.. (Attributes.GetValueOrDefault("name") ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(Name)];

    /// <summary>Whether it is pushed, too.</summary>
    internal bool Push => Flag("push");

    /// <summary>All that a request asks for.</summary>
    internal static IReadOnlyList<ExportOrder> Of(Slipway.BuildKitApi.Messages.SolveRequest request) => request switch
    {
        { Exporters.Count: > 0 } => [.. request.Exporters.Select(exporter => new ExportOrder(exporter.Type, exporter.Attrs))],
        { Exporter.Length: > 0 } => [new ExportOrder(request.Exporter, request.ExporterAttrs)],
        _ => [],
    };

    internal bool Flag(string name) => Attributes.GetValueOrDefault(name) is "true" or "1" or "t" or "TRUE" or "True";

    private static Reference Name(string text) => Reference.TryParse(text, out var name, out var error)
        ? name.TagNameOnly()
        : throw EngineException.Invalid($"failed to parse image name {text}: {error}");
}
