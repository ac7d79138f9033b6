using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Looks things up in a stack of unpacked layers as overlayfs would show them.</summary>
internal sealed class LowerView : IDisposable
{
    private readonly List<SafePath> _layers;

    /// <summary>Opens the layers' directories, topmost first.</summary>
    internal LowerView(IReadOnlyList<string> directories) => _layers = [.. directories.Select(SafePath.Open)];

    /// <summary>The layer that shows a clean path, and the object's status; links on the way are not followed.</summary>
    internal (SafePath Layer, FileStat Stat)? Find(string path)
    {
        IReadOnlyList<SafePath> visible = _layers;
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            var found = Visible(visible, part);
            if (found.Count == 0 || end < 0)
            {
                return found.Count == 0 ? null : found[0];
            }

            if (!found[0].Stat.IsDirectory)
            {
                return null;
            }

            visible = [.. found.Select(layer => layer.Layer)];
        }
    }

    /// <summary>The names in the merged root directory.</summary>
    internal IReadOnlySet<string> RootNames()
    {
        var names = new HashSet<string>();
        var hidden = new HashSet<string>();
        foreach (var layer in _layers)
        {
            foreach (var entry in layer.ReadDirectory("."))
            {
                var set = layer.Stat(entry.Name) is { } stat && IsWhiteout(stat) ? hidden : names;
                if (!hidden.Contains(entry.Name))
                {
                    set.Add(entry.Name);
                }
            }
        }

        return names;
    }

    public void Dispose() => _layers.ForEach(layer => layer.Dispose());

    internal static bool IsWhiteout(FileStat stat) => stat.IsCharacterDevice && stat.Rdev == new DeviceNumber(0, 0);

    private static List<(SafePath Layer, FileStat Stat)> Visible(IReadOnlyList<SafePath> layers, string path)
    {
        var found = new List<(SafePath, FileStat)>();
        foreach (var layer in layers)
        {
            if (layer.Stat(path) is not { } stat)
            {
                continue;
            }

            if (IsWhiteout(stat) || (found.Count > 0 && !stat.IsDirectory))
            {
                break;
            }

            found.Add((layer, stat));
            if (!stat.IsDirectory || layer.GetXattr(path, "trusted.overlay.opaque") is [(byte)'y'])
            {
                break;
            }
        }

        return found;
    }
}
