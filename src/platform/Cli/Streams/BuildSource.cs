using System.Text;
using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Cli.Streams;

/// <summary>The context of a build as it is sent, and where the engine finds the Dockerfile in it.</summary>
/// <param name="Archive">The context as tar; empty for one that the engine fetches itself.</param>
/// <param name="Dockerfile">Path of the Dockerfile in the context; empty for the usual one.</param>
/// <param name="Remote">An address that the engine fetches; null for none.</param>
internal sealed record BuildSource(Stream Archive, string Dockerfile, string? Remote) : IAsyncDisposable
{
    private const string UsualName = "Dockerfile";
    private const int TarMagic = 257;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Archive.DisposeAsync();

    /// <summary>Opens what <c>build</c> was given: a directory, an address, or - for standard input.</summary>
    /// <param name="source">The argument.</param>
    /// <param name="file">The Dockerfile as given; empty for the usual one, - for standard input.</param>
    /// <exception cref="CommandException">There is no such directory or Dockerfile.</exception>
    public static async Task<BuildSource> OpenAsync(string source, string file)
    {
        if (source.Contains("://", StringComparison.Ordinal) || source.StartsWith("git@", StringComparison.Ordinal) || source.StartsWith("github.com/", StringComparison.Ordinal))
        {
            return new BuildSource(Stream.Null, file, source);
        }

        if (source == "-")
        {
            return file == "-"
                ? throw new CommandException("invalid argument: can't use stdin for both build context and dockerfile")
                : await FromInputAsync(Console.OpenStandardInput(), file);
        }

        return Directory.Exists(source) ? await FromDirectoryAsync(source, file) : throw new CommandException($"unable to prepare context: path \"{source}\" not found");
    }

    // An archive, or the text of a Dockerfile without a context.
    private static async Task<BuildSource> FromInputAsync(Stream input, string file)
    {
        byte[] head = new byte[512];
        head = head[..await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false)];
        if (IsArchive(head))
        {
            return new BuildSource(new PrefixedStream(head, input), file, null);
        }

        MemoryStream text = new();
        text.Write(head);
        await input.CopyToAsync(text);
        return new BuildSource(TarSource.Context(Path.GetTempPath(), IgnorePatterns.From(["**"]), new Dictionary<string, byte[]> { [UsualName] = text.ToArray() }), UsualName, null);
    }

    /// <summary>Whether these are the first bytes of a tar archive, plain or compressed.</summary>
    public static bool IsArchive(ReadOnlySpan<byte> head) => (head.Length > TarMagic + 5 && head.Slice(TarMagic, 5).SequenceEqual("ustar"u8)) || IsPacked(head);

    private static bool IsPacked(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) || head.StartsWith("BZh"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xfd, 0x37, 0x7a]) || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]);

    private static async Task<BuildSource> FromDirectoryAsync(string directory, string file)
    {
        string path = file.Length == 0 ? Path.Combine(directory, UsualName) : file;
        string name = file.Length == 0 ? UsualName : Path.GetRelativePath(Path.GetFullPath(directory), Path.GetFullPath(path));
        Dictionary<string, byte[]> added = [];
        if (file == "-" || name.StartsWith("../", StringComparison.Ordinal))
        {
            // Not in the context: it goes along under a name of its own.
            name = $".dockerfile.{Guid.NewGuid().ToString("N")[..20]}";
            added[name] = file == "-" ? await ReadAsync(Console.OpenStandardInput()) : await File.ReadAllBytesAsync(path);
        }
        else if (!File.Exists(path))
        {
            throw new CommandException($"unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat {Path.GetFullPath(path)}: no such file or directory");
        }

        return new BuildSource(TarSource.Context(directory, Ignored(directory, path, name), added, links: true), name, null);
    }

    // The Dockerfile and the list itself always go along, as the engine reads them.
    private static IgnorePatterns Ignored(string directory, string dockerfile, string name)
    {
        string? list = new[] { dockerfile + ".dockerignore", Path.Combine(directory, ".dockerignore") }.FirstOrDefault(File.Exists);
        return list is null ? IgnorePatterns.None : IgnorePatterns.Parse(File.ReadAllText(list, Encoding.UTF8) + $"\n!{name}\n!.dockerignore\n");
    }

    private static async Task<byte[]> ReadAsync(Stream input)
    {
        MemoryStream all = new();
        await input.CopyToAsync(all);
        return all.ToArray();
    }
}
