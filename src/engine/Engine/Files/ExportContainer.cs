using Slipway.Engine.Containers;

namespace Slipway.Engine.Files;

/// <summary>Writes a container's merged root file system as tar; of volumes only the empty mount points.</summary>
public sealed class ExportContainer(ContainerFiles files, ContainerEvents events)
{
    /// <summary>Writes the archive.</summary>
    /// <param name="container">Running or not.</param>
    /// <param name="output">Receives the tar stream.</param>
    /// <param name="cancel">The client went away.</param>
    /// <exception cref="EngineException">NotFound: the container was removed meanwhile.</exception>
    public async Task RunAsync(Container container, Stream output, CancellationToken cancel)
    {
        using (var mounted = await files.OpenRootFsAsync(container, cancel).ConfigureAwait(false))
        {
            using var tar = new TarWriter(output);
            await new TreeArchive(tar, cancel).WriteDirectoryAsync(mounted.Root, "").ConfigureAwait(false);
            await tar.FinishAsync(cancel).ConfigureAwait(false);
        }

        events.Publish(container, "export");
    }
}
