namespace Slipway.Compose.Files;

/// <summary>Reads files that a document names, and only those it may name: inside of the project directory, links followed.</summary>
/// <param name="root">Absolute path of the project directory.</param>
/// <param name="allowOutside">Whether other files may be read too.</param>
public sealed class FileGate(string root, bool allowOutside)
{
    private readonly string _root = Real(root);

    /// <summary>Content of a file that a document names.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="at">Where the document names it.</param>
    /// <param name="key">The key that names it.</param>
    /// <exception cref="ComposeException">It cannot or may not be read.</exception>
    public string Read(string path, Position at, string key)
    {
        string real = Real(path);
        if (!allowOutside && real != _root && !real.StartsWith(_root.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new ComposeException(at, key, $"{path} is outside of the project directory {_root}; --allow-outside lets it be read");
        }

        return Content(real, path, at, key);
    }

    /// <summary>Content of a file that the user named.</summary>
    public static string ReadNamed(string path) => File.Exists(path) || Directory.Exists(path) ? Content(path, path, new Position(path, 1, 1), "")
        : throw new ComposeException($"open {path}: no such file or directory") { Cause = FailureCause.File };

    private static string Content(string real, string path, Position at, string key)
    {
        try
        {
            if (Directory.Exists(real) || !File.Exists(real))
            {
                throw new ComposeException(at, key, Directory.Exists(real) ? $"{path} is a directory" : $"{path}: no such file");
            }

            // Not by its length: what is no regular file has none.
            using FileStream stream = new(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            byte[] content = new byte[Math.Min(stream.Length, YamlTree.MaxFileSize) + 4096];
            int count = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return count < content.Length ? System.Text.Encoding.UTF8.GetString(content, 0, count)
                : throw new ComposeException(at, key, $"{path} has more than {YamlTree.MaxFileSize / 1024 / 1024} MiB");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ComposeException(at, key, $"{path}: {e.Message}");
        }
    }

    /// <summary>The path without links; parts that do not exist stay.</summary>
    public static string Real(string path)
    {
        string result = "/";
        int links = 0;
        Stack<string> rest = new(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        while (rest.TryPop(out string? part))
        {
            string next = Path.GetFullPath(part, result);
            if (new FileInfo(next).LinkTarget is { } target && links++ < 40)
            {
                result = target.StartsWith('/') ? "/" : result;
                foreach (string piece in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                {
                    rest.Push(piece);
                }
            }
            else
            {
                result = next;
            }
        }

        return result;
    }
}
