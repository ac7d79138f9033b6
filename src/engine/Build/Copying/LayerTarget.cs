using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Layers;
using Slipway.Build.Context;
using Slipway.Linux;

namespace Slipway.Build.Copying;

/// <summary>
/// A new layer being filled without a mount: files go straight into its directory, while what lies below is looked at to find links in the
/// destination and to give directories on the way the attributes that they have there.
/// </summary>
internal sealed class LayerTarget : IDisposable
{
    private const UnixFileMode NewDirectory = (UnixFileMode)0x1ED;

    private readonly SourceTree? _below;

    /// <param name="directory">The layer's directory, empty or begun.</param>
    /// <param name="below">What lies below; null when it is not to be looked at.</param>
    internal LayerTarget(string directory, SourceTree? below)
    {
        Upper = SafePath.Open(directory);
        _below = below;
        if (below is not null)
        {
            CopyAttributes(".");
        }
    }

    /// <summary>The layer.</summary>
    internal SafePath Upper { get; }

    public void Dispose() => Upper.Dispose();

    /// <summary>The path with links resolved as they lie in the merged tree, without a slash at the beginning.</summary>
    internal string Resolve(string path)
    {
        var resolved = _below?.Root.Resolve(path) ?? ContextPath.Clean(path);
        return resolved.Trim('/');
    }

    /// <summary>What the merged tree shows there; links are not followed.</summary>
    internal FileStat? Stat(string path) => Upper.Stat(Dot(path)) is { } own ? own : Below(path);

    /// <summary>What lies below the new layer.</summary>
    internal FileStat? Below(string path)
    {
        try
        {
            return _below?.Root.Stat(Dot(path)) is { } found && !LowerView.IsWhiteout(found) ? found : null;
        }
        catch (LinuxException e) when (e.Errno == Errno.NotDirectory)
        {
            return null;
        }
    }

    /// <summary>Makes sure of a directory and its parents; new ones get this owner.</summary>
    /// <returns>True when the directory itself is new.</returns>
    /// <exception cref="EngineException">InvalidArgument when something on the way is no directory.</exception>
    internal bool EnsureDirectory(string path, (uint Uid, uint Gid)? owner)
    {
        var made = false;
        for (var end = path.Length == 0 ? -1 : 0; end >= 0;)
        {
            end = path.IndexOf('/', end + 1);
            made = EnsureOne(end < 0 ? path : path[..end], owner);
        }

        return made;
    }

    /// <summary>Whether a path has anything below the new layer; children of a directory without need not be looked up there.</summary>
    internal bool HasBelow(string path) => Below(path) is { IsDirectory: true };

    private bool EnsureOne(string path, (uint Uid, uint Gid)? owner)
    {
        if (Upper.Stat(path) is { } own)
        {
            return own.IsDirectory ? false : throw NotDirectory(path);
        }

        var below = Below(path);
        if (below is { IsDirectory: false })
        {
            throw NotDirectory(path);
        }

        Upper.CreateDirectory(path, NewDirectory);
        if (below is not null)
        {
            CopyAttributes(path);
        }
        else if (owner is { } user)
        {
            Upper.SetOwner(path, user.Uid, user.Gid);
        }

        return below is null;
    }

    private void CopyAttributes(string path)
    {
        if (_below!.Root.Stat(path) is { } stat)
        {
            LayerAttributes.Copy(_below.Root, path, stat, Upper, LayerAttributes.IsContent);
        }
    }

    private static EngineException NotDirectory(string path) => EngineException.Invalid($"cannot copy to non-directory: /{path}");

    private static string Dot(string path) => path.Length == 0 ? "." : path;
}
