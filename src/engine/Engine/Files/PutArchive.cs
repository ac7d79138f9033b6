using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>How an archive is unpacked into a container.</summary>
/// <param name="NoOverwriteDirNonDir">Refuse to replace a directory by something else or the reverse.</param>
/// <param name="CopyUidGid">Give everything to the user that the container runs as.</param>
internal sealed record PutOptions(bool NoOverwriteDirNonDir, bool CopyUidGid);

/// <summary>The writing half of <c>docker cp</c>: checks the target, then unpacks on a thread of its own, since decompressing blocks.</summary>
internal static class PutArchive
{
    /// <summary>Unpacks the archive into a directory of the view.</summary>
    internal static async Task RunAsync(ContainerView view, string path, Stream body, PutOptions options, CancellationToken cancel)
    {
        var target = FindTarget(view, path);
        view.CheckWritable(target);
        var user = view.Record.Config.User;
        ResolvedUser? owner = options.CopyUidGid && !string.IsNullOrEmpty(user) ? RootUsers.Resolve(view.Root, user, []) : null;
        using var extraction = new Extraction(view.Root, target, owner, options.NoOverwriteDirNonDir, cancel);
        await Task.Factory.StartNew(() => Unpack(extraction, body, path, view.Record.Name, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private static string FindTarget(ContainerView view, string path)
    {
        var found = ArchivePath.Find(view.Root, path.EndsWith('/') ? path : path + "/", view.Record.Name, "extraction point is not a directory");
        return found.Resolved;
    }

    private static void Unpack(Extraction extraction, Stream body, string path, string container, CancellationToken cancel)
    {
        try
        {
            using var blocking = new BlockingStream(body, cancel);
            using var plain = Decompression.Open(blocking);
            using var tar = new TarInput(plain);
            extraction.Run(tar);
        }
        catch (LinuxException e)
        {
            throw ArchivePath.Failure(e, path, container);
        }
        catch (Exception e) when (e is TarException or InvalidDataException or ArgumentException)
        {
            throw EngineException.Invalid($"Error processing tar file: {e.Message}", e);
        }
    }
}
