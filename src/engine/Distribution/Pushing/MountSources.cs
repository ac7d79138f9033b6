using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Distribution.Pushing;

/// <summary>Knows which other repositories of the same registry may hold a layer: those that images here came from or went to.</summary>
internal sealed class MountSources
{
    private const int MostRepositories = 3;

    private readonly Dictionary<Digest, List<string>> _byLayer = [];

    internal MountSources(SlipwayEngine engine, Reference target)
    {
        foreach (var image in engine.Images.All.Where(image => image.Record.Digests.Count > 0 && image.Readable))
        {
            var repositories = image.Record.Digests.Select(text => Reference.Parse(text)).Where(name => name.Domain == target.Domain && name.Path != target.Path).Select(name => name.Path).Distinct().ToList();
            if (repositories.Count > 0)
            {
                Add(image, repositories);
            }
        }
    }

    /// <summary>Every repository that is named; tokens must be good for reading them.</summary>
    internal IReadOnlyList<string> Repositories => [.. _byLayer.Values.SelectMany(list => list).Distinct().Take(MostRepositories)];

    /// <summary>Where a layer may be.</summary>
    internal IReadOnlyList<string> Of(Digest layer) => _byLayer.TryGetValue(layer, out var list) ? [.. list.Intersect(Repositories)] : [];

    private void Add(Image image, List<string> repositories)
    {
        foreach (var layer in image.Manifest.Layers)
        {
            if (!_byLayer.TryGetValue(layer.Digest, out var list))
            {
                _byLayer[layer.Digest] = list = [];
            }

            list.AddRange(repositories.Except(list));
        }
    }
}
