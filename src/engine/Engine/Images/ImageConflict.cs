using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What stands in the way of deleting an image, in Docker's words.</summary>
internal sealed class ImageConflict(IReadOnlyList<Image> all, IReadOnlyList<ImageUse> uses)
{
    /// <summary>Throws when the image must not be deleted.</summary>
    /// <param name="id">The image.</param>
    /// <param name="force">Overrides what can be overridden.</param>
    /// <param name="ignoreNames">Whether names of the image are no obstacle, since they are removed with it.</param>
    /// <exception cref="EngineException">Conflict.</exception>
    internal void Check(Digest id, bool force, bool ignoreNames)
    {
        if (Hard(id) is { } hard)
        {
            throw Error(id, "cannot be forced", hard);
        }

        if (!force && Soft(id, ignoreNames) is { } soft)
        {
            throw Error(id, "must be forced", soft);
        }
    }

    /// <summary>A container that uses the image, or null.</summary>
    internal ImageUse? User(Digest id) => uses.FirstOrDefault(use => use.ImageId == id.ToString());

    private string? Hard(Digest id)
    {
        if (all.Any(image => image.Record.Parent == id && image.ImageId != id))
        {
            return "image has dependent child images";
        }

        return uses.FirstOrDefault(use => use.Running && use.ImageId == id.ToString()) is { } running
            ? $"image is being used by running container {running.ContainerId[..12]}"
            : null;
    }

    private string? Soft(Digest id, bool ignoreNames)
    {
        if (!ignoreNames && all.Any(image => image.ImageId == id && !image.Record.IsNameless))
        {
            return "image is referenced in multiple repositories";
        }

        return User(id) is { } stopped ? $"image is being used by stopped container {stopped.ContainerId[..12]}" : null;
    }

    private static EngineException Error(Digest id, string force, string reason) =>
        EngineException.Conflict($"conflict: unable to delete {id.Short} ({force}) - {reason}");
}
