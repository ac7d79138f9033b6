using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// Completes an unpacked layer once the layers below it are known: directories that no entry described get the attributes they have below,
/// hard links to files below get a copy of them, and a layer that hides the root gets a whiteout for every name below.
/// </summary>
internal static class AttachLayer
{
    /// <param name="layer">What unpacking left to do.</param>
    /// <param name="directory">Where the layer was unpacked.</param>
    /// <param name="below">Directories of the layers below, topmost first.</param>
    /// <exception cref="TarException">A hard link's target exists nowhere.</exception>
    internal static void Run(AppliedLayer layer, string directory, IReadOnlyList<string> below)
    {
        if (layer.Implied.Count == 0 && layer.LinksBelow.Count == 0 && !layer.HidesRoot)
        {
            return;
        }

        using var root = SafePath.Open(directory);
        using var view = new LowerView(below);
        foreach (var path in layer.Implied.OrderByDescending(path => path.Length))
        {
            CopyDirectory(root, view, path);
        }

        foreach (var (name, target) in layer.LinksBelow)
        {
            Link(root, view, name, target);
        }

        if (layer.HidesRoot)
        {
            foreach (var name in view.RootNames().Where(name => root.Stat(name) is null))
            {
                root.CreateNode(name, 0x2000, new DeviceNumber(0, 0));
            }
        }
    }

    private static void CopyDirectory(SafePath root, LowerView view, string path)
    {
        if (root.Stat(path) is { IsDirectory: true } && view.Find(path) is { Stat.IsDirectory: true } found)
        {
            LayerAttributes.Copy(found.Layer, path, found.Stat, root, LayerAttributes.IsWanted);
        }
    }

    private static void Link(SafePath root, LowerView view, string name, string target)
    {
        if (root.Stat(name) is not null)
        {
            return;
        }

        if (root.Stat(target) is null)
        {
            CopyUp(root, view, target);
        }

        root.CreateHardLink(target, name);
    }

    private static void CopyUp(SafePath root, LowerView view, string path)
    {
        if (view.Find(path) is not { Stat.IsRegular: true } found)
        {
            throw new TarException($"hard link to \"{LayerPath.Shown(path)}\", which does not exist");
        }

        foreach (var made in root.EnsureDirectories(LayerPath.Parent(path), (UnixFileMode)0x1ED))
        {
            CopyDirectory(root, view, made.Trim('/'));
        }

        using (var source = found.Layer.OpenRead(path, followLast: false))
        using (var copy = root.CreateFile(path, found.Stat.Permissions))
        {
            FileCopy.CopyFileRange(source, copy, found.Stat.Size);
        }

        LayerAttributes.Copy(found.Layer, path, found.Stat, root, LayerAttributes.IsWanted);
    }
}
