using System.Collections.Concurrent;
using Slipway.Engine;
using Slipway.Engine.Layers;
using Slipway.Engine.Files;
using Slipway.Engine.Steps;
using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>Files that a step copies from: a context, or a stack of layers seen as one.</summary>
internal sealed class SourceTree : IDisposable
{
    private readonly IDisposable? _mounted;

    private SourceTree(SafePath root, IDisposable? mounted, bool linkable, ConcurrentDictionary<string, byte[]> digests) =>
        (Root, _mounted, IsLinkable, Digests) = (root, mounted, linkable, digests);

    /// <summary>The tree; every path in it is resolved inside it.</summary>
    internal SafePath Root { get; }

    /// <summary>Whether its files may be linked into a layer instead of being copied: nobody changes them, and they lie on the same file system.</summary>
    internal bool IsLinkable { get; }

    /// <summary>Whether any of its files may have extended attributes.</summary>
    internal bool HasAttributes { get; private init; } = true;

    /// <summary>The extended attributes of an object that a copy takes over, in order of their names.</summary>
    internal IEnumerable<(string Name, byte[] Value)> Attributes(string path)
    {
        if (!HasAttributes)
        {
            yield break;
        }

        var at = path.Length == 0 ? "." : path;
        foreach (var name in Root.ListXattr(at).Where(LayerAttributes.IsContent).Order(StringComparer.Ordinal))
        {
            if (Root.GetXattr(at, name) is { } value)
            {
                yield return (name, value);
            }
        }
    }

    /// <summary>Digests of file content by path.</summary>
    internal ConcurrentDictionary<string, byte[]> Digests { get; }

    /// <summary>A context; it stays its owner's.</summary>
    internal static SourceTree Of(BuildContext context) => new(context.Root, new Nothing(), linkable: true, context.Digests) { HasAttributes = context.HasAttributes };

    /// <summary>A stack of layers.</summary>
    internal static SourceTree Of(SlipwayEngine engine, StepLayer? top)
    {
        var layers = StepLayer.Directories(top);
        if (layers.Count == 1)
        {
            return new SourceTree(SafePath.Open(layers[0]), null, linkable: true, new());
        }

        if (layers.Count == 0)
        {
            var empty = engine.StepLayers.BeginDirectory();
            return new SourceTree(SafePath.Open(empty), new Removed(empty), linkable: false, new());
        }

        try
        {
            return new SourceTree(SafePath.FromFd(Mounts.OverlayDetached(layers, null, null, readOnly: true)), null, linkable: false, new());
        }
        catch (LinuxException e) when (e.Errno == Errno.Invalid)
        {
            // Before Linux 6.8 an overlay has to be mounted somewhere.
            var point = engine.StepLayers.BeginDirectory();
            var mounted = MountedRoot.Open(new OverlayLayers(layers, null, null), point);
            return new SourceTree(mounted.Root, new Several(mounted, new Removed(point)), linkable: false, new());
        }
    }

    public void Dispose()
    {
        if (_mounted is null)
        {
            Root.Dispose();
        }

        _mounted?.Dispose();
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }

    private sealed record Removed(string Directory) : IDisposable
    {
        public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
    }

    private sealed record Several(IDisposable First, IDisposable Second) : IDisposable
    {
        public void Dispose()
        {
            First.Dispose();
            Second.Dispose();
        }
    }
}
