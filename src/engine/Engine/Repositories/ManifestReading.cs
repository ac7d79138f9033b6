using System.Text.Json;
using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>What a pushed manifest refers to.</summary>
/// <param name="Blobs">Config and layers that must be in the repository.</param>
/// <param name="Manifests">Manifests of an index, which must be there too.</param>
/// <param name="Subject">The manifest it speaks of; need not be there.</param>
/// <param name="ArtifactType">Its own artifact type, or that of its config.</param>
/// <param name="Annotations">Its annotations.</param>
internal sealed record ManifestReading(IReadOnlyList<Descriptor> Blobs, IReadOnlyList<Descriptor> Manifests, Digest? Subject, string? ArtifactType, IReadOnlyDictionary<string, string>? Annotations)
{
    private const int MostReferences = 20_000;

    /// <summary>Reads a manifest or index; images and artifacts alike.</summary>
    /// <exception cref="EngineException">InvalidArgument: it is none, or it is not what its media type says.</exception>
    internal static ManifestReading Of(byte[] content, string mediaType)
    {
        try
        {
            return MediaTypes.IsIndex(mediaType) ? OfIndex(Oci.Index.Parse(content), content, mediaType)
                : MediaTypes.IsManifest(mediaType) ? OfManifest(Manifest.Parse(content), content, mediaType)
                : throw EngineException.Invalid($"unsupported media type of manifest: {(mediaType.Length > 100 ? mediaType[..100] : mediaType)}");
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }
    }

    private static ManifestReading OfIndex(Oci.Index index, byte[] content, string mediaType)
    {
        Check(index.MediaType, mediaType, index.Manifests.Count);
        Require(content, "manifests");
        return new ManifestReading([], index.Manifests, SubjectOf(index.Subject), index.ArtifactType, index.Annotations);
    }

    private static ManifestReading OfManifest(Manifest manifest, byte[] content, string mediaType)
    {
        Check(manifest.MediaType, mediaType, manifest.Layers.Count);
        Require(content, "config");

        // Layers that must not be distributed lie elsewhere.
        var layers = manifest.Layers.Where(layer => !MediaTypes.IsForeignLayer(layer.MediaType) || layer.Urls is not { Count: > 0 });
        var type = string.IsNullOrEmpty(manifest.ArtifactType) ? manifest.Config.MediaType : manifest.ArtifactType;
        return new ManifestReading([.. layers.Prepend(manifest.Config).DistinctBy(blob => blob.Digest)], [], SubjectOf(manifest.Subject), type, manifest.Annotations);
    }

    private static void Check(string? own, string announced, int references)
    {
        if (!string.IsNullOrEmpty(own) && own != announced)
        {
            throw EngineException.Invalid($"the manifest says that it is {own}, but {announced} was announced");
        }

        if (references > MostReferences)
        {
            throw EngineException.Invalid($"the manifest has {references} references; at most {MostReferences} are taken");
        }
    }

    // A document of the other kind would read as an empty one of this kind.
    private static void Require(byte[] content, string member)
    {
        using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 64 });
        if (!document.RootElement.TryGetProperty(member, out _))
        {
            throw EngineException.Invalid($"the manifest has no '{member}'");
        }
    }

    private static Digest? SubjectOf(Descriptor? subject) =>
        subject is null ? null : !subject.Digest.IsDefault ? subject.Digest : throw EngineException.Invalid("the manifest's subject has no digest");
}

/// <summary>A manifest names content that its repository does not have.</summary>
/// <param name="digests">What is missing.</param>
public sealed class MissingContentException(IReadOnlyList<Digest> digests) : Exception("the manifest names content that the repository does not have")
{
    /// <summary>What is missing.</summary>
    public IReadOnlyList<Digest> Digests { get; } = digests;
}
