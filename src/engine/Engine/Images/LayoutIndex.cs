using Microsoft.Extensions.Logging;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>The layout's index.json: one descriptor per name, so that <c>skopeo copy oci:CONTENT:NAME</c> finds images by the names people use.</summary>
internal sealed class LayoutIndex(string root)
{
    private const int MaxBytes = 64 << 20;

    private readonly string _path = Path.Combine(root, "index.json");

    internal void Write(IEnumerable<ImageRecord> records)
    {
        var index = new Oci.Index
        {
            MediaType = MediaTypes.OciIndex,
            Manifests = [.. records.OrderBy(record => record.Added).SelectMany(Describe)],
        };
        DurableFile.WriteAllBytes(_path, index.ToBytes());
    }

    /// <summary>Targets with their full names. An unreadable file is reported and counts as empty.</summary>
    internal IReadOnlyList<(Descriptor Target, IReadOnlyList<string> Names)> Read(ILogger log)
    {
        if (new FileInfo(_path) is not { Exists: true, Length: <= MaxBytes })
        {
            return [];
        }

        try
        {
            return [.. Oci.Index.Parse(File.ReadAllBytes(_path)).Manifests.GroupBy(target => target.Digest).Select(Gather)];
        }
        catch (FormatException e)
        {
            log.LogError("{Path} is unreadable: {Reason}", _path, e.Message);
            return [];
        }
    }

    internal static Descriptor Named(Descriptor target, string fullName, string refName) => target with
    {
        Annotations = new SortedDictionary<string, string>(target.Annotations?.ToDictionary() ?? [], StringComparer.Ordinal)
        {
            [Annotations.ContainerdImageName] = fullName,
            [Annotations.RefName] = refName,
        },
    };

    private static IEnumerable<Descriptor> Describe(ImageRecord record) => record.Names.Count == 0
        ? [record.Target]
        : record.Names.Select(name => Named(record.Target, name, Reference.Parse(name).Familiar));

    private static (Descriptor, IReadOnlyList<string>) Gather(IGrouping<Digest, Descriptor> entries)
    {
        var names = entries.Select(entry => entry.Annotations?.GetValueOrDefault(Annotations.ContainerdImageName))
            .Where(name => Reference.TryParse(name, out _, out _)).Select(name => Reference.Parse(name!).TagNameOnly().ToString());
        return (entries.First() with { Annotations = null }, [.. names.Distinct()]);
    }
}
