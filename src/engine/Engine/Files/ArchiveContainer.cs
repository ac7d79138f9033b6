using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Files;

/// <summary><c>docker cp</c>: looks at, reads and writes files of a container, running or not.</summary>
public sealed class ArchiveContainer(ContainerFiles files, ContainerEvents events)
{
    /// <summary>What is at a path.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<ContainerPathStat> StatAsync(Container container, string path, CancellationToken cancel)
    {
        await using var view = await files.OpenAsync(container, cancel).ConfigureAwait(false);
        return ArchivePath.Find(view.Root, path, container.Name).Describe(view.Root);
    }

    /// <summary>Opens a file or directory for reading as tar: its status first, then the archive, then dispose.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<ContainerArchive> OpenReadAsync(Container container, string path, CancellationToken cancel)
    {
        var view = await files.OpenAsync(container, cancel).ConfigureAwait(false);
        try
        {
            var archive = new ContainerArchive(view, ArchivePath.Find(view.Root, path, container.Name));
            events.Publish(container, "archive-path");
            return archive;
        }
        catch
        {
            await view.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Unpacks a tar archive, packed or plain, into an existing directory.</summary>
    /// <param name="container">The container.</param>
    /// <param name="path">The directory; a link as last component is followed.</param>
    /// <param name="body">The archive.</param>
    /// <param name="noOverwriteDirNonDir">Refuse to replace a directory by something else or the reverse.</param>
    /// <param name="copyUidGid">Give everything to the user that the container runs as.</param>
    /// <param name="cancel">The client went away.</param>
    /// <exception cref="EngineException">
    /// <see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/> for a path that is no directory or a broken archive;
    /// <see cref="ErrorKind.Forbidden"/> where the container may not write.
    /// </exception>
    public async Task PutAsync(Container container, string path, Stream body, bool noOverwriteDirNonDir, bool copyUidGid, CancellationToken cancel)
    {
        await using (var view = await files.OpenAsync(container, cancel).ConfigureAwait(false))
        {
            await PutArchive.RunAsync(view, path, body, new PutOptions(noOverwriteDirNonDir, copyUidGid), cancel).ConfigureAwait(false);
        }

        events.Publish(container, "extract-to-dir");
    }
}

/// <summary>A file or directory of a container that is about to be read as tar.</summary>
public sealed class ContainerArchive : IAsyncDisposable
{
    private readonly ContainerView _view;
    private readonly ArchivePath _path;

    internal ContainerArchive(ContainerView view, ArchivePath path)
    {
        (_view, _path) = (view, path);
        Stat = path.Describe(view.Root);
    }

    /// <summary>What is there, for the answer's header.</summary>
    public ContainerPathStat Stat { get; }

    /// <summary>
    /// Writes the archive. Names begin with the last component as it was asked for: <c>b/…</c> for /a/b, <c>./…</c> for /a/b/., <c>/…</c>
    /// for the root.
    /// </summary>
    public async Task WriteToAsync(Stream output, CancellationToken cancel)
    {
        using var tar = new TarWriter(output);
        var tree = new TreeArchive(tar, cancel);
        if (_path.Stat.IsDirectory)
        {
            using var directory = _view.Root.OpenSubroot(_path.Resolved);
            await tree.WriteDirectoryAsync(directory, _path.Base).ConfigureAwait(false);
        }
        else
        {
            using var parent = _view.Root.OpenSubroot(Path.GetDirectoryName(_path.Resolved) ?? "/");
            await tree.WriteOtherAsync(parent, Path.GetFileName(_path.Resolved), _path.Base).ConfigureAwait(false);
        }

        await tar.FinishAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _view.DisposeAsync();
}
