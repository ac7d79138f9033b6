using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>cp</c>, both ways, with docker's rules for trailing slashes and existing directories.</summary>
internal static class CopyVerb
{
    public static Verb Copy() => new(
        "CONTAINER:SRC_PATH DEST_PATH|-\n\tslipway cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
        new FlagTable().Bool("archive", 'a', "Keep users and groups by number").Bool("follow-link", 'L', "Follow a symbolic link in SRC_PATH")
            .Bool("quiet", 'q', "Do not tell what was copied"),
        RunAsync)
    {
        MinArguments = 2,
        MaxArguments = 2,
        Completes = Candidates.Containers,
        Details = "'-' as the source reads a tar archive from STDIN and unpacks it in a directory of the container;\n'-' as the destination writes one to STDOUT.",
    };

    private static async Task<int> RunAsync(Invocation call)
    {
        (string fromContainer, string from) = Split(call.Arguments[0]);
        (string toContainer, string to) = Split(call.Arguments[1]);
        if (fromContainer.Length > 0 && toContainer.Length > 0)
        {
            throw new CommandException("copying between containers is not supported");
        }

        if (fromContainer.Length == 0 && toContainer.Length == 0)
        {
            throw new CommandException("must specify at least one container source");
        }

        if (from.Length == 0 || to.Length == 0)
        {
            throw new CommandException("source and destination can not be empty");
        }

        // The first question is a HEAD, whose refusal could not say which version an older engine speaks.
        await call.Engine.PingAsync();
        long bytes = fromContainer.Length > 0 ? await DownloadAsync(call, fromContainer, from, to) : await UploadAsync(call, toContainer, from, to);
        if (!call.Flags.Bool("quiet") && TerminalDevice.IsTerminal(2) && to != "-")
        {
            await call.Error.WriteLineAsync($"Successfully copied {Units.Size(bytes)} to {call.Arguments[1]}");
        }

        return 0;
    }

    /// <summary><c>CONTAINER:PATH</c>; what starts with a slash or a dot is a local path even with a colon in it.</summary>
    private static (string Container, string Path) Split(string argument)
    {
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        return argument.StartsWith('/') || argument.StartsWith('.') || colon < 0 || argument[..colon].Contains('/', StringComparison.Ordinal)
            ? ("", argument) : (argument[..colon], argument[(colon + 1)..]);
    }

    private static async Task<long> DownloadAsync(Invocation call, string container, string from, string to)
    {
        string path = from;
        if (call.Flags.Bool("follow-link"))
        {
            ContainerPathStat link = await call.Engine.StatArchiveAsync(container, path);
            path = GoFileMode.IsLink(link.Mode) && link.LinkTarget.Length > 0 ? link.LinkTarget : path;
        }

        (ContainerPathStat stat, Stream tar) = await call.Engine.GetArchiveAsync(container, path);
        await using (tar)
        {
            if (to == "-")
            {
                await using Stream output = Console.OpenStandardOutput();
                await tar.CopyToAsync(output, 128 * 1024);
                return 0;
            }

            bool exists = Path.Exists(to);
            CopyTarget target = CopyTarget.Choose(
                GoFileMode.IsDirectory(stat.Mode), Names.Base(from), Names.WantsContent(from), to, exists, exists && Directory.Exists(to));
            if (!Directory.Exists(target.Directory))
            {
                throw new CommandException($"invalid output path: directory \"{target.Directory}\" does not exist");
            }

            return await new TarExtraction(target.Directory, target.Name, call.Flags.Bool("archive"), call.Error).RunAsync(tar);
        }
    }

    private static async Task<long> UploadAsync(Invocation call, string container, string from, string to)
    {
        ContainerPathStat? stat = await StatAsync(call.Engine, container, to);
        if (stat is not null && GoFileMode.IsLink(stat.Mode) && stat.LinkTarget.Length > 0)
        {
            to = stat.LinkTarget;
            stat = await StatAsync(call.Engine, container, to);
        }

        bool isDirectory = stat is not null && GoFileMode.IsDirectory(stat.Mode);
        if (from == "-")
        {
            await using Stream input = Console.OpenStandardInput();
            return isDirectory ? await SendAsync(call, container, to, input)
                : throw new CommandException($"destination \"{call.Arguments[1]}\" must be a directory");
        }

        string source = call.Flags.Bool("follow-link") && new FileInfo(from).ResolveLinkTarget(returnFinalTarget: true) is { } final ? final.FullName : from;
        bool sourceIsDirectory = Directory.Exists(source) && (new FileInfo(source.TrimEnd('/')).LinkTarget is null || source.EndsWith('/'));
        if (!sourceIsDirectory && !Path.Exists(source) && new FileInfo(source).LinkTarget is null)
        {
            throw new CommandException($"lstat {Path.GetFullPath(source)}: no such file or directory");
        }

        CopyTarget target = CopyTarget.Choose(
            sourceIsDirectory, Names.Base(Path.GetFullPath(source)), Names.WantsContent(from), to, stat is not null, isDirectory);
        await using Stream tar = TarSource.Tree(sourceIsDirectory ? Path.GetFullPath(source) : source, target.Name);
        return await SendAsync(call, container, target.Directory, tar);
    }

    private static async Task<long> SendAsync(Invocation call, string container, string directory, Stream tar)
    {
        CountingStream counted = new(tar);
        await call.Engine.PutArchiveAsync(container, directory, counted, noOverwriteDirNonDir: true, copyUidGid: call.Flags.Bool("archive"));
        return counted.Count;
    }

    private static async Task<ContainerPathStat?> StatAsync(EngineClient engine, string container, string path)
    {
        try
        {
            return await engine.StatArchiveAsync(container, path);
        }
        catch (EngineApiException e) when (e.StatusCode == 404 && !e.Message.Contains("No such container", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
    }
}

/// <summary>Where what is copied goes: a directory that exists, and the name in it (empty: its content is merged).</summary>
internal sealed record CopyTarget(string Directory, string Name)
{
    /// <param name="sourceIsDirectory">Whether a directory is copied.</param>
    /// <param name="sourceName">Last part of the source's path.</param>
    /// <param name="contentOnly">Whether the source ends in <c>/.</c>.</param>
    /// <param name="to">Destination as typed.</param>
    /// <param name="exists">Whether the destination exists.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    /// <exception cref="CommandException">The two do not fit.</exception>
    public static CopyTarget Choose(bool sourceIsDirectory, string sourceName, bool contentOnly, string to, bool exists, bool isDirectory)
    {
        if (isDirectory)
        {
            return new CopyTarget(to, sourceIsDirectory && contentOnly ? "" : sourceName);
        }

        if (exists && sourceIsDirectory)
        {
            throw new CommandException("cannot copy directory");
        }

        if (to.EndsWith('/') && !sourceIsDirectory)
        {
            throw new CommandException(exists ? "not a directory" : "no such directory");
        }

        string path = to.TrimEnd('/');
        int slash = path.LastIndexOf('/');
        return new CopyTarget(slash < 0 ? "." : slash == 0 ? "/" : path[..slash], path[(slash + 1)..]);
    }
}

/// <summary>Parts of paths as they were typed.</summary>
internal static class Names
{
    /// <summary>The last part; a slash or <c>/.</c> at the end does not count.</summary>
    public static string Base(string path)
    {
        string trimmed = WantsContent(path) ? path[..^1].TrimEnd('/') : path.TrimEnd('/');
        return trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>Whether the path ends in <c>/.</c>, which stands for what is in the directory.</summary>
    public static bool WantsContent(string path) => path == "." || path.EndsWith("/.", StringComparison.Ordinal);
}

/// <summary>Go's bits of a file mode, which the API uses.</summary>
internal static class GoFileMode
{
    public static bool IsDirectory(long mode) => (mode & 1L << 31) != 0;

    public static bool IsLink(long mode) => (mode & 1L << 27) != 0;
}
