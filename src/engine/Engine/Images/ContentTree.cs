using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Walks from a manifest or index to everything it refers to.</summary>
internal static class ContentTree
{
    private const int Deepest = 4;

    /// <summary>The target and everything below it; documents that are not stored have nothing below them.</summary>
    /// <exception cref="EngineException">Damaged: a document cannot be read.</exception>
    internal static IEnumerable<Descriptor> Below(Descriptor target, ContentStore content, int depth = 0)
    {
        yield return target;
        if (depth > Deepest || !content.Contains(target.Digest))
        {
            yield break;
        }

        foreach (var child in Children(target, content).Where(child => child.Digest != target.Digest))
        {
            foreach (var descriptor in Below(child, content, depth + 1))
            {
                yield return descriptor;
            }
        }
    }

    private static IReadOnlyList<Descriptor> Children(Descriptor target, ContentStore content)
    {
        try
        {
            if (MediaTypes.IsIndex(target.MediaType))
            {
                return Oci.Index.Parse(content.ReadSmall(target.Digest)).Manifests;
            }

            if (!MediaTypes.IsManifest(target.MediaType))
            {
                return [];
            }

            var manifest = Manifest.Parse(content.ReadSmall(target.Digest));
            return [manifest.Config, .. manifest.Layers];
        }
        catch (FormatException e)
        {
            throw new EngineException(ErrorKind.Damaged, $"{target.Digest} is damaged: {e.Message}", e);
        }
    }
}
