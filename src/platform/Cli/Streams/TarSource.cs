using System.Formats.Tar;
using System.IO.Pipelines;
using Slipway.DockerApi;
using Slipway.LocalFiles;

namespace Slipway.Cli.Streams;

/// <summary>Local files as a tar archive that is made while it is read, so that it is never whole in memory.</summary>
internal static class TarSource
{
    private const int Ahead = 1024 * 1024;

    /// <summary>A build context: a directory's content without what is ignored, with paths relative to it.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="ignored">Which paths are left out.</param>
    /// <param name="added">Files that are not in the directory, by name.</param>
    /// <param name="left">Further paths that are left out, and whether they are directories; asked about parents first.</param>
    /// <param name="links">Whether further names of a file are links to its first; else each has the content.</param>
    public static Stream Context(string path, IgnorePatterns ignored, IReadOnlyDictionary<string, byte[]> added, Func<string, bool, bool>? left = null, bool links = false) => Make(async tar =>
    {
        FirstNames? firsts = links ? new() : null;
        foreach (string name in Names(path, ignored, left))
        {
            await WriteAsync(tar, Path.Combine(path, name), name, firsts);
        }

        foreach ((string name, byte[] content) in added)
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }
    });

    /// <summary>A file or a directory with everything below, under another name.</summary>
    /// <param name="path">Local path.</param>
    /// <param name="name">Name of its entry; empty when only what is in the directory is wanted.</param>
    public static Stream Tree(string path, string name) => Make(async tar =>
    {
        if (name.Length > 0)
        {
            await tar.WriteEntryAsync(path, name);
        }

        if (System.IO.Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            FirstNames firsts = new();
            foreach (string below in Names(path))
            {
                await WriteAsync(tar, Path.Combine(path, below), name.Length > 0 ? name + "/" + below : below, firsts);
            }
        }
    });

    /// <summary>Everything below a directory, parents first; links are not followed.</summary>
    private static IEnumerable<string> Names(string root, IgnorePatterns? ignored = null, Func<string, bool, bool>? left = null)
    {
        EnumerationOptions options = new() { AttributesToSkip = 0, IgnoreInaccessible = false };
        Stack<string> open = new([""]);
        while (open.TryPop(out string? directory))
        {
            foreach (string name in System.IO.Directory.EnumerateFileSystemEntries(Path.Combine(root, directory), "*", options)
                .Select(p => Path.GetRelativePath(root, p)).Order(StringComparer.Ordinal))
            {
                FileInfo entry = new(Path.Combine(root, name));
                bool below = (entry.Attributes & FileAttributes.Directory) != 0 && entry.LinkTarget is null;
                if (left?.Invoke(name, below) == true)
                {
                    continue;
                }

                bool skipped = ignored?.Excludes(name) == true;
                if (!skipped)
                {
                    yield return name;
                }

                if (below && (!skipped || ignored!.HasExceptions))
                {
                    open.Push(name);
                }
            }
        }
    }

    private static Task WriteAsync(TarWriter tar, string path, string name, FirstNames? firsts) =>
        firsts is not null && FileFacts.Of(path) is { } facts && firsts.Earlier(facts, name) is { } first
            ? tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.HardLink, name) { LinkName = first })
            : tar.WriteEntryAsync(path, name);

    private static Stream Make(Func<TarWriter, Task> write)
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: Ahead, resumeWriterThreshold: Ahead / 2, useSynchronizationContext: false));
        _ = Task.Run(async () =>
        {
            Exception? failure = null;
            try
            {
                await using TarWriter tar = new(pipe.Writer.AsStream(leaveOpen: true), TarEntryFormat.Pax, leaveOpen: false);
                await write(tar);
            }
            catch (Exception e)
            {
                failure = e;
            }

            // The reader gets the failure, which tears the request as it should.
            await pipe.Writer.CompleteAsync(failure);
        });
        return pipe.Reader.AsStream();
    }
}
