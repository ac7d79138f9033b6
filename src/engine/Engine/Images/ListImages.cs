using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What <c>docker images</c> was asked for.</summary>
/// <param name="All">Also nameless images that others were made from.</param>
/// <param name="Filters">dangling, label, before, since, reference, until.</param>
/// <param name="SharedSize">Compute the bytes shared with other images.</param>
/// <param name="Manifests">Describe each image's manifests.</param>
public sealed record ImageListRequest(bool All, Filters Filters, bool SharedSize, bool Manifests);

/// <summary><c>docker images</c>. Damaged images are listed, with what is known of them.</summary>
public sealed class ListImages(ImageTable images, ContentStore content, Snapshotter snapshots, Func<IReadOnlyList<ImageUse>> uses, TimeProvider time)
{
    /// <summary>Images that match, newest first. One entry per id, however many names it has.</summary>
    /// <exception cref="EngineException">InvalidArgument for an unknown filter; NotFound for an image that a filter names.</exception>
    public IReadOnlyList<ImageSummary> Run(ImageListRequest request)
    {
        var filter = ImageFilter.List(request.Filters, images, time);
        var all = images.All;
        var used = uses();
        var counts = request.SharedSize ? LayerCounts(all) : null;
        var describe = new ManifestSummaries(content, snapshots, used);
        return
        [
            .. all.GroupBy(image => image.ImageId)
                .Where(group => filter.Matches(group.First()) && (request.All || !IsIntermediate(group, all)))
                .Select(group => Summarize([.. group], filter, used, counts, request.Manifests ? describe : null))
                .OfType<ImageSummary>()
                .OrderByDescending(summary => summary.Created),
        ];
    }

    /// <summary>Bytes of all unpacked layers, each counted once.</summary>
    public long LayersSize => snapshots.All.Sum(row => row.Size);

    private static bool IsIntermediate(IGrouping<Digest, Image> group, IReadOnlyList<Image> all) =>
        group.All(image => image.Record.IsNameless) && all.Any(image => image.Record.Parent == group.Key);

    private static ImageSummary? Summarize(IReadOnlyList<Image> group, ImageFilter filter, IReadOnlyList<ImageUse> used, Dictionary<Digest, int>? counts, ManifestSummaries? manifests)
    {
        var image = group[0];
        var tags = Names(group, record => record.Names, filter);
        var digests = Names(group, record => record.Digests, filter);
        var nameless = group.All(one => one.Record.IsNameless);
        if ((filter.ByName && tags.Count + digests.Count == 0) || (filter.Dangling is { } dangling && dangling != nameless))
        {
            return null;
        }

        return new ImageSummary
        {
            Id = image.ImageId.ToString(),
            ParentId = image.Record.Parent?.ToString() ?? "",
            RepoTags = tags,
            RepoDigests = digests,
            Created = image.Created.ToUnixTimeSeconds(),
            Size = image.Size,
            SharedSize = counts is null ? -1 : Shared(image, counts),
            Containers = used.Where(use => use.ImageId == image.ImageId.ToString()).DistinctBy(use => use.ContainerId).Count(),
            Labels = image.Readable ? image.Config.Config?.Labels : null,
            Descriptor = ManifestSummaries.Describe(image.Record.Target),
            Manifests = manifests?.Of(image),
        };
    }

    private static List<string> Names(IEnumerable<Image> group, Func<ImageRecord, IReadOnlyList<string>> names, ImageFilter filter) =>
        [.. group.SelectMany(image => names(image.Record)).Select(name => Reference.Parse(name)).Where(filter.MatchesName).Select(name => name.Familiar).Distinct().Order(StringComparer.Ordinal)];

    private static Dictionary<Digest, int> LayerCounts(IReadOnlyList<Image> all)
    {
        var counts = new Dictionary<Digest, int>();
        foreach (var chain in all.DistinctBy(image => image.ImageId).Where(image => image.Readable).SelectMany(image => image.ChainIds))
        {
            counts[chain] = counts.GetValueOrDefault(chain) + 1;
        }

        return counts;
    }

    private static long Shared(Image image, Dictionary<Digest, int> counts) =>
        image.Readable ? image.LayerSizes().Where(layer => counts.GetValueOrDefault(layer.ChainId) > 1).Sum(layer => layer.Size) : 0;
}
