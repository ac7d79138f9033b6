using Slipway.Engine.Containers;

namespace Slipway.Engine.Files;

/// <summary>Writes a container's merged root file system as tar; of volumes only the empty mount points.</summary>
public sealed class ExportContainer(ContainerFiles files, ContainerEvents events)
{
    /// <summary>Writes the archive.</summary>
    /// <param name="container">Running or not.</param>
    /// <param name="output">Receives the tar stream.</param>
    /// <param name="cancel">The client went away.</param>
    public async Task RunAsync(Container container, Stream output, CancellationToken cancel)
    {
        using (files.OpenRootFs(container, out var root))
        {
            using var tar = new TarWriter(output);
            await new TreeArchive(tar, cancel).WriteDirectoryAsync(root, "").ConfigureAwait(false);
            await tar.FinishAsync(cancel).ConfigureAwait(false);
        }

        events.Publish(container, "export");
    }
}
