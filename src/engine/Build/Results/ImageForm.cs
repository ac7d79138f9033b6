using Slipway.Oci;

namespace Slipway.Build.Results;

/// <summary>The form that an image's documents and layers get.</summary>
public sealed record ImageForm
{
    /// <summary>How new layers are packed; null for plain ones that are packed when they are pushed.</summary>
    public Compression? Compression { get; init; }

    /// <summary>Whether layers that are packed otherwise, such as those of base images, are packed anew.</summary>
    public bool ForceCompression { get; init; }

    /// <summary>Whether no file of the build's own layers is younger than <c>SOURCE_DATE_EPOCH</c>.</summary>
    public bool RewriteTimestamps { get; init; }

    /// <summary>Whether the config tells which steps made which layers, so that the image serves as a cache.</summary>
    public bool InlineCache { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyList<ImageAnnotation> Annotations { get; init; } = [];

    /// <summary>What attestations call the image, where it gets no name here.</summary>
    public IReadOnlyList<Reference> Subjects { get; init; } = [];

    /// <summary>Whether the packages in the image are listed (SPDX).</summary>
    public bool PackageList { get; init; }

    /// <summary>Whether it is told what the image was made of; null for no.</summary>
    public ProvenanceForm? Provenance { get; init; }

    /// <summary>Whether an image of one platform needs nothing that its stored form lacks.</summary>
    internal bool IsUsual => Compression is null && !RewriteTimestamps && !InlineCache && Annotations.Count == 0 && !NeedsIndex;

    /// <summary>Whether an index is needed even for one platform.</summary>
    internal bool NeedsIndex => PackageList || Provenance is not null || Annotations.Any(annotation => annotation.Place is AnnotationPlace.Index or AnnotationPlace.ManifestDescriptor);
}

/// <summary>How much is told of a build.</summary>
/// <param name="Everything">Build arguments and the Dockerfile, too (<c>mode=max</c>).</param>
/// <param name="BuildId">The build.</param>
/// <param name="Started">When it began.</param>
/// <param name="Options">The frontend's options, as the client gave them.</param>
public sealed record ProvenanceForm(bool Everything, string BuildId, DateTimeOffset Started, IReadOnlyDictionary<string, string> Options);

/// <summary>Where an annotation goes.</summary>
public enum AnnotationPlace
{
    /// <summary>Into manifests.</summary>
    Manifest,

    /// <summary>Into the index.</summary>
    Index,

    /// <summary>Beside manifests, in the index.</summary>
    ManifestDescriptor,
}

/// <summary>An annotation.</summary>
/// <param name="Place">Where it goes.</param>
/// <param name="Platform">Only this platform's; null for all.</param>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
public sealed record ImageAnnotation(AnnotationPlace Place, Platform? Platform, string Name, string Value)
{
    internal static Dictionary<string, string>? For(IReadOnlyList<ImageAnnotation> all, AnnotationPlace place, Platform? platform)
    {
        var chosen = all.Where(annotation => annotation.Place == place && (annotation.Platform is null || annotation.Platform.Equals(platform))).ToList();
        return chosen.Count == 0 ? null : chosen.GroupBy(annotation => annotation.Name).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value);
    }
}
