using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>
/// A path of <c>docker cp</c> inside a container. Links on the way are followed inside its root; the last component is not, unless a slash
/// or "/." follows it.
/// </summary>
internal sealed record ArchivePath
{
    /// <summary>The path as asked for: absolute, clean, with a slash or "/." at its end kept.</summary>
    internal required string Asked { get; init; }

    /// <summary>The last component as asked for: what the archive calls it.</summary>
    internal required string Base { get; init; }

    /// <summary>Where it is: the directories' links resolved.</summary>
    internal required string Resolved { get; init; }

    /// <summary>What is there.</summary>
    internal required FileStat Stat { get; init; }

    /// <summary>Looks the path up.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/> for a file with a slash behind its name.</exception>
    internal static ArchivePath Find(SafePath root, string path, string container, string noDirectory = "not a directory")
    {
        var asked = Clean(path);
        var follow = asked.EndsWith('/') || asked.EndsWith("/.", StringComparison.Ordinal);
        try
        {
            var resolved = follow ? root.Resolve(asked) : Join(root.Resolve(Path.GetDirectoryName(asked) ?? "/"), Path.GetFileName(asked));
            var stat = root.Stat(resolved) ?? throw NotFound(path, container);
            if (follow && !stat.IsDirectory)
            {
                throw EngineException.Invalid(noDirectory);
            }

            return new ArchivePath { Asked = asked, Base = BaseOf(asked), Resolved = resolved, Stat = stat };
        }
        catch (LinuxException e)
        {
            throw Failure(e, path, container);
        }
    }

    /// <summary>What the kernel said about a path, as Docker words it.</summary>
    internal static EngineException Failure(LinuxException e, string path, string container) => e.Errno switch
    {
        Errno.NoEntry or Errno.NotDirectory => NotFound(path, container),
        Errno.ReadOnly => new EngineException(ErrorKind.Forbidden, "container rootfs is marked read-only", e),
        Errno.Loop or Errno.NameTooLong or Errno.Invalid => EngineException.Invalid(e.Message, e),
        Errno.NoSpace or Errno.Quota => new EngineException(ErrorKind.Unavailable, e.Message, e),
        _ => new EngineException(ErrorKind.Internal, e.Message, e),
    };

    /// <summary>What the header X-Docker-Container-Path-Stat says.</summary>
    internal ContainerPathStat Describe(SafePath root) => new()
    {
        Name = Base,
        Size = Stat.Size,
        Mode = GoFileMode.Of(Stat),
        Mtime = GoTime.Format(Stat.MTime),
        LinkTarget = Stat.IsSymlink ? root.Resolve(Resolved) : "",
    };

    private static string Clean(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw EngineException.Invalid("path must not contain NUL");
        }

        // Like Go's filepath.Join: textual, before any link is looked at.
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        var clean = "/" + string.Join('/', parts);
        var dot = path == "." || path.EndsWith("/.", StringComparison.Ordinal);
        return dot ? Join(clean, ".") : path.EndsWith('/') && clean != "/" ? clean + "/" : clean;
    }

    private static string BaseOf(string asked) =>
        asked == "/" ? "/" : asked.TrimEnd('/')[(asked.TrimEnd('/').LastIndexOf('/') + 1)..];

    private static string Join(string directory, string name) => directory == "/" ? "/" + name : $"{directory}/{name}";

    private static EngineException NotFound(string path, string container) =>
        EngineException.NotFound($"Could not find the file {path} in container {container}");
}
