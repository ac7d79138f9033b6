using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>
/// <c>docker rmi</c>: takes names away and, with the last one, the image and whatever content nobody else needs. Rows go before files.
/// </summary>
public sealed class RemoveImage(ImageTable images, ContentStore content, CollectGarbage garbage, EventLog events, Func<IReadOnlyList<ImageUse>> uses)
{
    /// <summary>Removes a name or an image.</summary>
    /// <param name="reference">A name takes only that name away while the image has others; an id takes all names of one repository.</param>
    /// <param name="force">Also when stopped containers use it or it has names in several repositories.</param>
    /// <param name="prune">Whether untagged parents go too.</param>
    /// <param name="platforms">Platforms that are to go; null or empty for all there are.</param>
    /// <returns>What was untagged and deleted, in order.</returns>
    /// <exception cref="EngineException">NotFound; Conflict with Docker's text; NotImplemented: the image has further platforms, which would stay.</exception>
    public async Task<IReadOnlyList<ImageDeleteResponseItem>> RunAsync(string reference, bool force, bool prune, IReadOnlyList<Platform>? platforms = null)
    {
        if (platforms is { Count: > 0 })
        {
            RequireAll(images.Resolve(reference).Record, platforms, reference);
        }

        return (await RemoveAsync(reference, force, prune, collect: true).ConfigureAwait(false)).Items;
    }

    internal async Task<(IReadOnlyList<ImageDeleteResponseItem> Items, long Bytes)> RemoveAsync(string reference, bool force, bool prune, bool collect)
    {
        var items = new List<ImageDeleteResponseItem>();
        var deleted = false;
        await images.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var image = images.Resolve(reference);
            var byName = ImageTable.IsNameOf(image, reference);
            deleted = byName
                ? await RemoveNameAsync(image, ImageTable.ParseName(reference), force, prune, items).ConfigureAwait(false)
                : await RemoveIdAsync(image, force, prune, items).ConfigureAwait(false);
        }
        finally
        {
            images.Gate.Release();
        }

        if (!deleted || !collect)
        {
            return (items, 0);
        }

        var collected = await garbage.RunAsync().ConfigureAwait(false);
        items.AddRange(collected.ChainIds.Select(chain => new ImageDeleteResponseItem { Deleted = chain.ToString() }));
        return (items, collected.Bytes);
    }

    private void RequireAll(ImageRecord record, IReadOnlyList<Platform> platforms, string reference)
    {
        var choice = new PlatformChoice(content);
        var going = platforms.Select(platform => choice.Choose(record, platform, reference).ManifestDigest).ToHashSet();
        if (choice.Manifests(record.Target).Any(manifest => content.Contains(manifest.Digest) && !going.Contains(manifest.Digest)))
        {
            throw new EngineException(ErrorKind.NotImplemented, $"{reference} has further platforms: an image is removed as a whole");
        }
    }

    private async Task<bool> RemoveNameAsync(Image image, Reference name, bool force, bool prune, List<ImageDeleteResponseItem> items)
    {
        var conflict = new ImageConflict(images.All, uses());
        if (!force && IsSingle(Names(image.ImageId)) && conflict.User(image.ImageId) is { } user)
        {
            throw EngineException.Conflict(
                $"conflict: unable to remove repository reference \"{name.Familiar}\" (must force) - container {user.ContainerId[..12]} is using its referenced image {image.ImageId.Short}");
        }

        var rest = image.Record with { Names = [.. image.Record.Names.Where(other => other != name.TagNameOnly().ToString())], Digests = [.. image.Record.Digests.Where(other => other != name.ToString())] };
        if (name.Digest is not null && rest.Names.Count == image.Record.Names.Count && rest.Digests.Count == image.Record.Digests.Count)
        {
            // NAME@DIGEST without a row of its own stands for the tags of that repository.
            rest = rest with { Names = [.. rest.Names.Where(other => Reference.Parse(other).Name != name.Name)] };
        }

        if (name.Digest is null && !rest.Names.Any(other => Reference.Parse(other).Name == name.Name))
        {
            rest = rest with { Digests = [.. rest.Digests.Where(other => Reference.Parse(other).Name != name.Name)] };
        }

        if (!rest.IsNameless || images.All.Any(other => other != image && other.ImageId == image.ImageId && !other.Record.IsNameless))
        {
            await CommitUntagAsync(image, rest, items).ConfigureAwait(false);
            return false;
        }

        conflict.Check(image.ImageId, force, ignoreNames: true);
        return await DeleteAsync(image.ImageId, prune, items).ConfigureAwait(false);
    }

    private async Task<bool> RemoveIdAsync(Image image, bool force, bool prune, List<ImageDeleteResponseItem> items)
    {
        new ImageConflict(images.All, uses()).Check(image.ImageId, force, ignoreNames: IsSingle(Names(image.ImageId)));
        return await DeleteAsync(image.ImageId, prune, items).ConfigureAwait(false);
    }

    private async Task CommitUntagAsync(Image image, ImageRecord rest, List<ImageDeleteResponseItem> items)
    {
        await images.CommitAsync([rest], []).ConfigureAwait(false);
        Untagged(image, image.Record.Names.Except(rest.Names).Concat(image.Record.Digests.Except(rest.Digests)), items);
    }

    private async Task<bool> DeleteAsync(Digest id, bool prune, List<ImageDeleteResponseItem> items)
    {
        var rows = images.All.Where(image => image.ImageId == id).ToList();
        var parent = rows.Select(image => image.Record.Parent).FirstOrDefault(digest => digest is not null);
        await images.CommitAsync([], [.. rows.Select(image => image.Record.Target.Digest)]).ConfigureAwait(false);
        foreach (var image in rows)
        {
            Untagged(image, image.Record.Names.Concat(image.Record.Digests), items);
        }

        events.Publish("image", "delete", id.ToString(), ImageEvents.Attributes(id.ToString(), Config(rows[0])));
        items.Add(new ImageDeleteResponseItem { Deleted = id.ToString() });
        if (prune && parent is { } next && images.All.Any(image => image.ImageId == next) && Names(next).Count == 0 && IsFree(next))
        {
            await DeleteAsync(next, prune, items).ConfigureAwait(false);
        }

        return true;
    }

    private bool IsFree(Digest id)
    {
        try
        {
            new ImageConflict(images.All, uses()).Check(id, force: false, ignoreNames: false);
            return true;
        }
        catch (EngineException e) when (e.Kind == ErrorKind.Conflict)
        {
            return false;
        }
    }

    private void Untagged(Image image, IEnumerable<string> names, List<ImageDeleteResponseItem> items)
    {
        foreach (var name in names.Select(name => Reference.Parse(name).Familiar))
        {
            items.Add(new ImageDeleteResponseItem { Untagged = name });
            events.Publish("image", "untag", image.ImageId.ToString(), ImageEvents.Attributes(image.ImageId.ToString(), Config(image)));
        }
    }

    private List<Reference> Names(Digest id) =>
        [.. images.All.Where(image => image.ImageId == id).SelectMany(image => image.Record.Names.Concat(image.Record.Digests)).Select(name => Reference.Parse(name))];

    // One name, or one tag and digests of the same repository.
    private static bool IsSingle(List<Reference> names) =>
        names.Count <= 1
            ? names.Count == 1
            : names.Count(name => name.Digest is null) <= 1 && names.Select(name => name.Name).Distinct().Count() == 1;

    private static ImageConfig? Config(Image image) => image.Readable ? image.Config : null;
}
