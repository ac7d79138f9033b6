using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>A container's file system as its processes see it, for as long as this object lives.</summary>
/// <param name="root">Its root; disposed with the view.</param>
/// <param name="record">The container.</param>
/// <param name="close">What else ends with the view.</param>
public sealed class ContainerView(SafePath root, ContainerRecord record, Action close) : IAsyncDisposable
{
    private Action? _close = close;

    /// <summary>The container's root directory: its paths, and nothing else, can be reached from it.</summary>
    public SafePath Root { get; } = root;

    /// <summary>The container as it was when the view was opened.</summary>
    public ContainerRecord Record { get; } = record;

    /// <summary>Refuses paths that the container was told not to write.</summary>
    /// <param name="path">A path that exists, links resolved.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.Forbidden"/>.</exception>
    public void CheckWritable(string path)
    {
        // Mounts are ordered parents first, so the last one that holds the path is the one that is seen.
        var mount = Record.Mounts.LastOrDefault(mount => Holds(Root.Resolve(mount.Destination), path));
        if (mount is { ReadWrite: false })
        {
            throw new EngineException(ErrorKind.Forbidden, "mounted volume is marked read-only");
        }

        if (mount is null && Record.HostConfig.ReadonlyRootfs)
        {
            throw new EngineException(ErrorKind.Forbidden, "container rootfs is marked read-only");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _close, null) is { } close)
        {
            Root.Dispose();
            close();
        }

        return ValueTask.CompletedTask;
    }

    private static bool Holds(string destination, string path) =>
        path == destination || destination == "/" || path.StartsWith(destination + "/", StringComparison.Ordinal);
}
