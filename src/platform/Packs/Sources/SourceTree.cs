using System.Text;

namespace Slipway.Packs.Sources;

/// <summary>Bounds of what is read from a source.</summary>
public sealed record SourceLimits
{
    /// <summary>Files that are listed; further ones are not seen by searches.</summary>
    public int Files { get; init; } = 50_000;

    /// <summary>Nested directories that are entered.</summary>
    public int Depth { get; init; } = 48;

    /// <summary>Bytes of a file that is read as text; larger ones count as unreadable.</summary>
    public long TextBytes { get; init; } = 4 << 20;

    /// <summary>Bytes that searches in the text of files read altogether.</summary>
    public long SearchedBytes { get; init; } = 32 << 20;
}

/// <summary>
/// A directory with the source of an application. Symbolic links are followed only where they lead to something inside it, sizes are
/// bounded, and only regular files are opened. Paths are relative, with <c>/</c>.
/// </summary>
public sealed class SourceTree
{
    private const int MostLinks = 16;

    private readonly SourceLimits _limits;
    private readonly string _top;
    private readonly Lazy<List<string>> _files;

    private SourceTree(string top, string within, SourceLimits limits)
    {
        (_top, Within, _limits) = (top, within, limits);
        _files = new Lazy<List<string>>(() => new SourceIndex(this, limits).Files());
    }

    /// <summary>Opens a directory.</summary>
    /// <param name="directory">Path of the directory; it may be a link itself.</param>
    /// <param name="limits">Null for the usual ones.</param>
    /// <exception cref="PackException">There is no such directory.</exception>
    public static SourceTree Open(string directory, SourceLimits? limits = null)
    {
        var info = new DirectoryInfo(Path.GetFullPath(directory));
        var real = info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo;
        return real is { Exists: true }
            ? new SourceTree(Path.TrimEndingDirectorySeparator(real.FullName), "", limits ?? new SourceLimits())
            : throw new PackException($"Failed to read app source directory {directory}");
    }

    /// <summary>The directory of the source that this is, relative to what was opened; empty for all of it.</summary>
    public string Within { get; }

    /// <summary>Regular files that searches see, in order: sorted by the bytes of names, depth first, without what is ignored.</summary>
    public IReadOnlyList<string> Files => _files.Value;

    /// <summary>The name of the directory itself.</summary>
    public string Name => Path.GetFileName(Within.Length > 0 ? Within : _top);

    /// <summary>A directory below.</summary>
    /// <exception cref="PackException">It is missing or lies outside.</exception>
    public SourceTree Below(string directory)
    {
        var path = Clean(directory) ?? throw new PackException($"The directory \"{directory}\" lies outside of the source");
        return path.Length == 0 ? this
            : DirectoryExists(path) ? new SourceTree(_top, Within.Length > 0 ? $"{Within}/{path}" : path, _limits)
            : throw new PackException($"The directory \"{directory}\" does not exist in the source");
    }

    /// <summary>Whether there is a file at a path; what is ignored counts too.</summary>
    public bool FileExists(string path) => Locate(path) is { } place && File.Exists(place);

    /// <summary>Whether there is a directory at a path.</summary>
    public bool DirectoryExists(string path) => Locate(path) is { } place && Directory.Exists(place);

    /// <summary>The first of some files that exists.</summary>
    public string? FirstFile(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (FileExists(path))
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>The text of a file, with line feeds only and without a byte order mark; null when it is missing, too large or no file.</summary>
    public string? Text(string path)
    {
        if (Locate(path) is not { } place || !File.Exists(place))
        {
            return null;
        }

        // Pipes, sockets and devices have no length and are never opened.
        var length = new FileInfo(place).Length;
        return length == 0 ? "" : length > _limits.TextBytes ? null : Read(place, length);
    }

    /// <summary>The file names (not directories) directly in a directory, sorted.</summary>
    public IReadOnlyList<string> Entries(string directory, bool directories) =>
        Locate(directory) is { } place && Directory.Exists(place)
            ? [.. (directories ? Directory.EnumerateDirectories(place) : Directory.EnumerateFiles(place)).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal).Take(_limits.Files)]
            : [];

    /// <summary>Files that match a pattern, whose <c>*</c> matches <c>/</c> too.</summary>
    public IEnumerable<string> Matching(string pattern)
    {
        var wanted = new PathPattern(pattern);
        return Files.Where(wanted.Matches);
    }

    /// <summary>The first file that matches a pattern and contains a text, and null when there is none.</summary>
    public string? Containing(string pattern, Func<string, bool> wanted)
    {
        var left = _limits.SearchedBytes;
        foreach (var file in Matching(pattern))
        {
            var text = Text(file);
            left -= text?.Length ?? 0;
            if (left < 0)
            {
                return null;
            }

            if (text is not null && wanted(text))
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>The directory on this machine, for what walks it.</summary>
    internal string Place => Within.Length > 0 ? Path.Combine(_top, Within) : _top;

    private static string? Read(string place, long length)
    {
        try
        {
            using var file = new FileStream(place, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[length];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var text = Encoding.UTF8.GetString(bytes.AsSpan(0, count));
            return text.TrimStart('\uFEFF').ReplaceLineEndings("\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Where a path leads on this machine, links followed one by one; null when it leaves the source or turns in circles.</summary>
    private string? Locate(string path)
    {
        if (Clean(path) is not { } clean)
        {
            return null;
        }

        var left = new LinkedList<string>((Within.Length > 0 ? $"{Within}/{clean}" : clean).Split('/', StringSplitOptions.RemoveEmptyEntries));
        var done = new List<string>();
        for (var links = 0; left.First is { } first;)
        {
            left.RemoveFirst();
            if (first.Value == "..")
            {
                if (done.Count == 0)
                {
                    return null;
                }

                done.RemoveAt(done.Count - 1);
                continue;
            }

            done.Add(first.Value);
            if (new FileInfo(Join(done)).LinkTarget is not { } target)
            {
                continue;
            }

            if (++links > MostLinks || target.StartsWith('/'))
            {
                return null;
            }

            done.RemoveAt(done.Count - 1);
            foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").Reverse())
            {
                left.AddFirst(part);
            }
        }

        return Join(done);
    }

    private string Join(List<string> parts) => parts.Count == 0 ? _top : $"{_top}/{string.Join('/', parts)}";

    /// <summary>A path without <c>.</c>, <c>..</c> and superfluous slashes; null when it climbs out.</summary>
    internal static string? Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                return null;
            }
        }

        return path.Contains('\0', StringComparison.Ordinal) ? null : string.Join('/', parts);
    }
}
