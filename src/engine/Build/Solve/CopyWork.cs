using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Copying;
using Slipway.Engine;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Layers;
using Slipway.Engine.Steps;

namespace Slipway.Build.Solve;

/// <summary>Makes the layer of a COPY or ADD.</summary>
internal sealed class CopyWork(Builder builder)
{
    /// <summary>Adds how files are copied to a key.</summary>
    internal static void AddManner(CacheKey key, CopyOrder order) => key
        .Add(order.Destination).Add(order.Owner is { } owner ? $"{owner.Uid}:{owner.Gid}" : "").Add(order.Mode?.Text)
        .Add(order.Parents).Add(order.Link).Add(order.Unpack);

    /// <summary>Resolves an owner as <c>--chown</c> gives it, with the accounts of the stack that is copied to.</summary>
    /// <exception cref="EngineException">InvalidArgument for a name that the stack does not know.</exception>
    internal (uint Uid, uint Gid)? Owner(string? chown, StepLayer? top)
    {
        if (string.IsNullOrEmpty(chown))
        {
            return null;
        }

        // A number alone is user and group.
        var text = !chown.Contains(':', StringComparison.Ordinal) && chown.All(char.IsAsciiDigit) ? $"{chown}:{chown}" : chown;
        using var tree = SourceTree.Of(builder.Engine, top);
        var user = RootUsers.Resolve(tree.Root, text, []);
        return (user.Uid, user.Gid);
    }

    /// <summary>Writes a small file into a layer.</summary>
    internal static void Write(LayerTarget target, CopyOrder order, string name, byte[] content)
    {
        var destination = target.Resolve(order.Destination);
        var inside = order.Destination.EndsWith('/') || target.Stat(destination) is { IsDirectory: true };
        var path = inside ? $"{destination}/{name}".TrimStart('/') : destination;
        if (path.Contains('/', StringComparison.Ordinal))
        {
            target.EnsureDirectory(path[..path.LastIndexOf('/')], order.Owner);
        }

        if (target.Upper.Stat(path) is not null)
        {
            target.Upper.Remove(path);
        }

        const UnixFileMode usual = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        using (var file = target.Upper.CreateFile(path, usual))
        {
            RandomAccess.Write(file, content, 0);
        }

        target.Upper.SetOwner(path, order.Owner?.Uid ?? 0, order.Owner?.Gid ?? 0);
        target.Upper.SetMode(path, order.Mode?.Apply(usual, directory: false) ?? usual);
    }

    /// <summary>Makes a directory with its parents, where it does not exist.</summary>
    /// <returns>The new layer's directory; null when it exists already.</returns>
    internal string? MakeDirectory(StepLayer? top, string path, (uint Uid, uint Gid)? owner) =>
        Make(top, false, target => target.EnsureDirectory(target.Resolve(path), owner), keepEmpty: false);

    /// <summary>Makes a layer's directory.</summary>
    /// <param name="top">What it is put on.</param>
    /// <param name="link">Whether that is not to be looked at.</param>
    /// <param name="fill">Fills it.</param>
    /// <param name="keepEmpty">Whether directories that exist below are a change.</param>
    /// <returns>The directory; null when nothing changed.</returns>
    internal string? Make(StepLayer? top, bool link, Action<LayerTarget> fill, bool keepEmpty = true)
    {
        var directory = builder.Engine.StepLayers.BeginDirectory();
        try
        {
            using var below = link ? null : SourceTree.Of(builder.Engine, top);
            using (var target = new LayerTarget(directory, below))
            {
                fill(target);
            }

            if (Directory.EnumerateFileSystemEntries(directory).Any() && (keepEmpty || !IsUnchanged(directory, below)))
            {
                return directory;
            }

            Directory.Delete(directory, recursive: true);
            return null;
        }
        catch (Exception e)
        {
            builder.Engine.Removal.Remove(directory);
            throw e is FormatException ? EngineException.Invalid(e.Message, e) : LayerErrors.Translate(e) ?? e;
        }
    }

    // Directories that were only opened on the way are no change.
    private static bool IsUnchanged(string directory, SourceTree? below) => below is not null && Directory
        .EnumerateDirectories(directory, "*", SearchOption.AllDirectories)
        .All(path => below.Root.Stat(Path.GetRelativePath(directory, path)) is { IsDirectory: true });
}
