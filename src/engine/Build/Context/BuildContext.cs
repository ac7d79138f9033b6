using Slipway.Build.Copying;
using Slipway.Engine;
using Slipway.Engine.Files;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>
/// The files that a build may read: a private directory that nobody changes any more. Everything in it belongs to root, since the owner of a
/// file on the client's machine means nothing here.
/// </summary>
public sealed class BuildContext : IDisposable
{
    private readonly Action<string> _remove;

    private BuildContext(string directory, Action<string> remove) =>
        (Directory, _remove, Root) = (directory, remove, SafePath.Open(directory));

    /// <summary>Host path of the directory.</summary>
    public string Directory { get; }

    /// <summary>The only door to it: names come from the client.</summary>
    public SafePath Root { get; }

    /// <summary>Digests of its files' content that were worked out already, by path.</summary>
    internal System.Collections.Concurrent.ConcurrentDictionary<string, byte[]> Digests { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether any of its files may have extended attributes.</summary>
    internal bool HasAttributes { get; set; } = true;

    /// <summary>Receives a context as a tar stream, plain or compressed.</summary>
    /// <exception cref="EngineException">InvalidArgument when it is no tar, or a hostile one.</exception>
    public static async Task<BuildContext> ReceiveAsync(SlipwayEngine engine, Stream archive, CancellationToken cancel)
    {
        var directory = engine.StepLayers.BeginDirectory();
        var context = new BuildContext(directory, engine.Removal.Remove);
        try
        {
            await Task.Factory.StartNew(() => context.Unpack(archive, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>A context made by the engine: empty, to be filled before the build begins.</summary>
    public static BuildContext CreateEmpty(SlipwayEngine engine) => new(engine.StepLayers.BeginDirectory(), engine.Removal.Remove);

    /// <summary>A context in a directory that somebody else made.</summary>
    internal static BuildContext Of(string directory, Action<string> remove) => new(directory, remove);

    /// <summary>A context made of a directory on the engine's own file system, which is taken over.</summary>
    internal static BuildContext Move(SlipwayEngine engine, string directory)
    {
        var own = engine.StepLayers.BeginDirectory();
        System.IO.Directory.Delete(own);
        System.IO.Directory.Move(directory, own);
        return new BuildContext(own, engine.Removal.Remove);
    }

    /// <summary>A small text file of the context; null when there is none.</summary>
    /// <exception cref="EngineException">InvalidArgument when it is too large or no file.</exception>
    public byte[]? ReadFile(string path, int maxBytes)
    {
        try
        {
            using var file = Root.OpenRead(path);
            var length = RandomAccess.GetLength(file);
            if (length > maxBytes)
            {
                throw EngineException.Invalid($"{path} is larger than {maxBytes} bytes");
            }

            var bytes = new byte[length];
            var read = RandomAccess.Read(file, bytes, 0);
            return bytes[..read];
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            return null;
        }
        catch (LinuxException e)
        {
            throw EngineException.Invalid($"{path} cannot be read: {LinuxException.Describe(e.Errno)}", e);
        }
    }

    /// <summary>Takes a file out of it; nothing happens when there is none.</summary>
    internal void Remove(string path)
    {
        try
        {
            Root.Remove(path);
            Digests.TryRemove(path, out _);
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            // As it should be.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Root.Dispose();
        _remove(Directory);
    }

    private void Unpack(Stream archive, CancellationToken cancel)
    {
        try
        {
            using var blocking = new BlockingStream(archive, cancel);
            using var plain = Decompression.Open(blocking);
            using var tar = new TarInput(plain);
            using var extraction = new Extraction(Root, "/", TreeCopier.Root, noOverwriteDirNonDir: false, cancel) { Digests = Note };
            extraction.Run(tar);
            tar.Drain();
            HasAttributes = extraction.HasAttributes;
        }
        catch (LinuxException e)
        {
            throw new EngineException(e.IsNoSpace ? ErrorKind.Unavailable : ErrorKind.InvalidArgument, $"Error processing tar file: {e.Message}", e);
        }
        catch (Exception e) when (e is TarException or InvalidDataException or ArgumentException)
        {
            throw EngineException.Invalid($"Error processing tar file: {e.Message}", e);
        }
    }

    // A file whose name comes twice in the archive is the second one.
    private void Note(string path, byte[]? digest)
    {
        if (digest is not null)
        {
            Digests[path] = digest;
        }
        else
        {
            Digests.TryRemove(path, out _);
        }
    }
}
