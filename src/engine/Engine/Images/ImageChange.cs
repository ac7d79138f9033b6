using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Works out which rows change when images get names: a name has one owner.</summary>
internal sealed class ImageChange(IEnumerable<ImageRecord> present, DateTimeOffset now)
{
    private readonly Dictionary<Digest, ImageRecord> _rows = present.ToDictionary(record => record.Target.Digest);
    private readonly HashSet<Digest> _touched = [];

    /// <summary>New and changed rows.</summary>
    internal IReadOnlyList<ImageRecord> Changed => [.. _touched.Where(_rows.ContainsKey).Select(digest => _rows[digest])];

    /// <summary>Rows that are to go.</summary>
    internal IReadOnlyList<Digest> Deleted => [.. _touched.Where(digest => !_rows.ContainsKey(digest))];

    /// <summary>Adds an image, or names to the image that is there.</summary>
    internal void Put(ImageRecord image)
    {
        foreach (var other in _rows.Values.Where(other => other.Target.Digest != image.Target.Digest && other.Names.Intersect(image.Names).Any()).ToList())
        {
            var rest = other with { Names = [.. other.Names.Except(image.Names)] };
            // The same image in another wrapping needs no second nameless row.
            Set(other.Target.Digest, rest.IsNameless && rest.ImageId == image.ImageId ? null : rest);
        }

        var old = _rows.GetValueOrDefault(image.Target.Digest);
        var tagged = image.Names.Count > 0 || image.Digests.Count > 0;
        Set(image.Target.Digest, image with
        {
            Names = [.. (old?.Names ?? []).Union(image.Names)],
            Digests = [.. (old?.Digests ?? []).Union(image.Digests)],
            Parent = image.Parent ?? old?.Parent,
            Added = old?.Added ?? now,
            LastTagged = tagged ? now : old?.LastTagged,
        });
    }

    /// <summary>Replaces a row; null deletes it.</summary>
    internal void Set(Digest target, ImageRecord? record)
    {
        _touched.Add(target);
        _rows.Remove(target);
        if (record is not null)
        {
            _rows.Add(target, record);
        }
    }
}
