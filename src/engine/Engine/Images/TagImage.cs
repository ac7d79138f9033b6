using Slipway.Engine.Events;

namespace Slipway.Engine.Images;

/// <summary><c>docker tag</c>.</summary>
public sealed class TagImage(ImageTable images, EventLog events)
{
    /// <summary>Gives an image another name; a name that another image has moves.</summary>
    /// <param name="source">Name or id of the image.</param>
    /// <param name="repository">The new name without tag.</param>
    /// <param name="tag">The new tag; null or empty for <c>latest</c>.</param>
    /// <exception cref="EngineException">NotFound, InvalidArgument.</exception>
    public async Task RunAsync(string source, string repository, string? tag)
    {
        var name = ImageTable.ParseName(string.IsNullOrEmpty(tag) ? repository : $"{repository}:{tag}");
        if (name.Digest is not null)
        {
            throw EngineException.Invalid("refusing to create a tag with a digest reference");
        }

        var image = images.Resolve(source);
        name = name.TagNameOnly();
        if (!await images.AddNamesAsync(image, [name.ToString()], []).ConfigureAwait(false))
        {
            throw ImageTable.NoSuchImage(source);
        }

        events.Publish("image", "tag", image.ImageId.ToString(), ImageEvents.Attributes(name.Familiar, image.Readable ? image.Config : null));
    }
}
