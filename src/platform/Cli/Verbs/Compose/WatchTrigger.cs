using Slipway.DockerApi;
using Slipway.Compose;
using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>What is watched for one service, and what a change does.</summary>
/// <param name="Service">The service.</param>
/// <param name="Map">Its entry in the file.</param>
/// <param name="Turn">Held while a change is brought into the service.</param>
internal sealed record WatchTrigger(Service Service, Mapping Map, SemaphoreSlim Turn)
{
    // What editors and version control write beside the files that are meant.
    private static readonly IgnorePatterns s_fleeting = IgnorePatterns.From([".git", "**/.git", "**/.idea", "**/*~", "**/*.swp", "**/*.swx", "**/4913", "**/.#*", "**/#*#", "**/.DS_Store"]);

    private readonly IgnorePatterns _ignored = IgnorePatterns.From([.. Map.Texts("ignore")]);
    private readonly IgnorePatterns? _included = Map.Items("include").Count > 0 ? IgnorePatterns.From([.. Map.Texts("include")]) : null;
    private readonly IgnorePatterns _outside = Outside(Service);

    public static IEnumerable<WatchTrigger> Of(Service service)
    {
        SemaphoreSlim turn = new(1);
        return [.. service.Map.Map("develop").Items("watch").OfType<Mapping>().Select(m => new WatchTrigger(service, m, turn))];
    }

    public string Path => Map.Text("path")!;

    public string Action => Map.Text("action")!;

    public IReadOnlyList<string> Command => Map.Map("exec").Texts("command");

    /// <summary>Whether everything is brought into the containers once before changes count.</summary>
    public bool InitialSync => Map.Flag("initial_sync") && Action.StartsWith("sync", StringComparison.Ordinal);

    /// <summary>The files that there are.</summary>
    public IReadOnlyList<string> Present() => File.Exists(Path) ? [Path]
        : [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Where(f => !Ignores(f))];

    /// <summary>Where a changed file goes.</summary>
    public string TargetOf(string path)
    {
        string relative = System.IO.Path.GetRelativePath(Path, path);
        string target = Map.Text("target") ?? throw new ComposeException(Map.At, $"{Service.Path}.develop.watch", "the key \"target\" is missing");
        return relative == "." ? target : System.IO.Path.Combine(target, relative);
    }

    /// <summary>Whether a change does not count.</summary>
    public bool Ignores(string path)
    {
        string relative = System.IO.Path.GetRelativePath(Path, path);
        return s_fleeting.Excludes(relative) || _ignored.Excludes(relative) || _included?.Excludes(relative) == false
            || (Service.Build.Text("context") is { } context && !ProjectPaths.IsRemote(context) && _outside.Excludes(System.IO.Path.GetRelativePath(context, path)));
    }

    // What a build would not see does not count either.
    private static IgnorePatterns Outside(Service service) => service.Build.Text("context") is { } context && !ProjectPaths.IsRemote(context)
        && System.IO.Path.Combine(context, ".dockerignore") is var list && File.Exists(list) ? IgnorePatterns.Parse(File.ReadAllText(list)) : IgnorePatterns.None;
}
