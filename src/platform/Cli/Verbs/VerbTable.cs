using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs;

/// <summary>A verb's names, its line of help, and how to make its table of flags, which only the verb that runs needs.</summary>
/// <param name="Names">All names, the one for help first; several words for those of a group.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Make">Makes the verb.</param>
internal sealed record VerbEntry(string[] Names, string Summary, Func<Verb> Make)
{
    /// <summary>Shown among the common verbs on the first page of help.</summary>
    public bool Common { get; init; }

    public bool Hidden { get; init; }
}

/// <summary>All verbs.</summary>
internal static class VerbTable
{
    /// <summary>Groups with their line of help.</summary>
    public static readonly (string Name, string Summary)[] Groups =
    [
        ("app", "Manage applications"), ("builder", "Manage builds"), ("container", "Manage containers"), ("image", "Manage images"), ("manifest", "Look at manifests at registries"),
        ("network", "Manage networks"), ("registry", "Manage the engine's own registry and look at others"), ("server", "Manage the platform's servers"), ("system", "Manage the engine"), ("volume", "Manage volumes"),
    ];

    public static readonly VerbEntry[] All =
    [
        new(["run", "container run"], "Create and run a new container from an image", RunVerbs.Run) { Common = true },
        new(["exec", "container exec"], "Run a command in a running container", ExecVerb.Exec) { Common = true },
        new(["ps", "container ls", "container list", "container ps"], "List containers", ContainerListVerb.List) { Common = true },
        new(["build", "image build", "builder build"], "Build an image from a Dockerfile", Builds.BuildVerb.Build) { Common = true },
        new(["pull", "image pull"], "Download an image from a registry", RegistryVerbs.Pull) { Common = true },
        new(["push", "image push"], "Upload an image to a registry", RegistryVerbs.Push) { Common = true },
        new(["images", "image ls", "image list"], "List images", ImageListVerb.List) { Common = true },
        new(["login"], "Log in to a registry", RegistryVerbs.Login) { Common = true },
        new(["logout"], "Log out from a registry", RegistryVerbs.Logout) { Common = true },
        new(["version"], "Show the versions of client and engine", VersionVerb.Version) { Common = true },
        new(["info", "system info"], "Show information about the engine", InfoVerb.Info) { Common = true },

        new(["attach", "container attach"], "Attach the terminal to a running container", AttachVerb.Attach),
        new(["commit", "container commit"], "Create an image from a container's changes", ImageTransferVerbs.Commit),
        new(["cp", "container cp"], "Copy files between a container and the local file system", CopyVerb.Copy),
        new(["create", "container create"], "Create a new container", RunVerbs.Create),
        new(["diff", "container diff"], "Show what changed in a container's file system", ContainerViewVerbs.Diff),
        new(["events", "system events"], "Show events of the engine as they happen", EventsVerb.Events),
        new(["export", "container export"], "Export a container's file system as a tar archive", ImageTransferVerbs.Export),
        new(["history", "image history"], "Show how an image was made", ImageListVerb.History),
        new(["import", "image import"], "Create an image from a tar archive of a file system", ImageTransferVerbs.Import),
        new(["inspect"], "Show everything about containers, images, volumes and networks", InspectVerbs.Any),
        new(["kill", "container kill"], "Send a signal to running containers", LifeCycleVerbs.Kill),
        new(["load", "image load"], "Load images from a tar archive or STDIN", ImageTransferVerbs.Load),
        new(["logs", "container logs"], "Show the log of a container", LogsVerb.Logs),
        new(["plan"], "Show what would be built of a directory, and why", PlanVerb.Plan),
        new(["pause", "container pause"], "Pause all processes of containers", LifeCycleVerbs.Pause),
        new(["port", "container port"], "Show which ports of a container are published", ContainerViewVerbs.Port),
        new(["rename", "container rename"], "Rename a container", LifeCycleVerbs.Rename),
        new(["restart", "container restart"], "Stop and start containers", LifeCycleVerbs.Restart),
        new(["rm", "container rm", "container remove"], "Remove containers", LifeCycleVerbs.Remove),
        new(["rmi", "image rm", "image remove"], "Remove images", ImageListVerb.Remove),
        new(["save", "image save"], "Save images to a tar archive (STDOUT unless told otherwise)", ImageTransferVerbs.Save),
        new(["start", "container start"], "Start stopped containers", StartVerb.Start),
        new(["stats", "container stats"], "Show how much containers use, live", StatsVerb.Stats),
        new(["stop", "container stop"], "Stop running containers", LifeCycleVerbs.Stop),
        new(["tag", "image tag"], "Give an image another name", ImageListVerb.Tag),
        new(["top", "container top"], "Show the processes of a container", ContainerViewVerbs.Top),
        new(["unpause", "container unpause"], "Let paused containers go on", LifeCycleVerbs.Unpause),
        new(["update", "container update"], "Change limits of containers", LifeCycleVerbs.Update),
        new(["wait", "container wait"], "Wait until containers stop, and print their exit codes", LifeCycleVerbs.Wait),

        new(["copy", "registry copy"], "Copy an image between registries, layouts and archives", ImageCopyVerb.Copy),
        new(["verify"], "Check that an image is signed with a key (cosign)", VerifyVerb.Verify),
        new(["registry ls", "registry list"], "List repositories", RegistryAdminVerbs.List),
        new(["registry tags"], "List tags of a repository", RegistryAdminVerbs.Tags),
        new(["registry inspect"], "Show a manifest with its digest and referrers", RegistryAdminVerbs.Inspect),
        new(["registry rm", "registry remove"], "Remove tags, manifests or repositories", RegistryAdminVerbs.Remove),
        new(["registry gc"], "Free what no image of the registry needs", RegistryAdminVerbs.Collect),
        new(["registry user"], "Manage users of the registry", RegistryAdminVerbs.User),
        new(["registry grant"], "Say what users may do, or show it", RegistryAdminVerbs.Grant),
        new(["registry public"], "Let everybody pull from repositories", RegistryAdminVerbs.Public),
        new(["registry private"], "Let only granted users pull from repositories", RegistryAdminVerbs.Private),
        new(["search"], "Search Docker Hub for images", RegistryVerbs.Search),
        new(["manifest inspect"], "Show a manifest or index at a registry", RegistryVerbs.ManifestInspect),
        new(["container inspect"], "Show everything about containers", InspectVerbs.Container),
        new(["container prune"], "Remove all stopped containers", PruneVerbs.Containers),
        new(["image bootstrap"], "Make a base image from packages of the distribution", BootstrapVerb.Bootstrap),
        new(["image inspect"], "Show everything about images", InspectVerbs.Image),
        new(["image prune"], "Remove unused images", PruneVerbs.Images),
        new(["builder du"], "Show what the builder's cache holds", Builds.CacheUsageVerb.Usage),
        new(["builder history"], "List the last builds", Builds.HistoryVerbs.List),
        new(["builder logs"], "Show again what a build printed", Builds.HistoryVerbs.Logs),
        new(["builder forget"], "Forget builds", Builds.HistoryVerbs.Remove),
        new(["builder prune"], "Remove the builder's cache", PruneVerbs.BuildCache),
        new(["volume create"], "Create a volume", VolumeVerbs.Create),
        new(["volume inspect"], "Show everything about volumes", InspectVerbs.Volume),
        new(["volume ls", "volume list"], "List volumes", VolumeVerbs.List),
        new(["volume prune"], "Remove unused local volumes", PruneVerbs.Volumes),
        new(["volume rm", "volume remove"], "Remove volumes", VolumeVerbs.Remove),
        new(["volume update"], "Update a volume (cluster volumes only)", VolumeVerbs.Update),
        new(["network connect"], "Connect a container to a network", NetworkVerbs.Connect),
        new(["network create"], "Create a network", NetworkVerbs.Create),
        new(["network disconnect"], "Disconnect a container from a network", NetworkVerbs.Disconnect),
        new(["network inspect"], "Show everything about networks", InspectVerbs.Network),
        new(["network ls", "network list"], "List networks", NetworkVerbs.List),
        new(["network prune"], "Remove all unused networks", PruneVerbs.Networks),
        new(["network rm", "network remove"], "Remove networks", NetworkVerbs.Remove),
        new(["system dial-stdio"], "Carry the engine's API over standard input and output", DialVerb.DialStdio),
        new(["system check"], "Verify all content, and repair what registries have", CheckVerb.Check),
        new(["system df"], "Show how much disk the engine uses", DiskUsageVerb.DiskUsage),
        new(["system prune"], "Remove unused data", PruneVerbs.Everything),

        new(["compose"], "Run applications of several containers, as a file describes them", Compose.ComposeVerb.Compose) { Common = true },
        new(["deploy"], "Send a directory to the platform and bring it into service", Apps.DeployVerbs.DeployDirectory) { Common = true },
        new(["deployments"], "List deployments, read their logs, end them", Apps.DeployVerbs.Deployments),
        new(["app create"], "Make an application", Apps.AppVerbs.Create),
        new(["app set"], "Change an application's settings", Apps.AppVerbs.Set),
        new(["app list", "app ls"], "List applications", Apps.AppVerbs.List),
        new(["app show", "app inspect"], "Show everything about an application", Apps.AppVerbs.Show),
        new(["app deploy"], "Deploy an application from its source", Apps.DeployVerbs.Deploy),
        new(["app redeploy"], "Bring the image that serves into service again, with the present settings", Apps.DeployVerbs.Redeploy),
        new(["app rollback"], "Go back to a release, image and settings", Apps.DeployVerbs.Rollback),
        new(["app releases"], "List an application's releases", Apps.DeployVerbs.Releases),
        new(["app scale"], "Set the number of an application's containers", Apps.DeployVerbs.Scale),
        new(["app stop"], "Stop an application", Apps.DeployVerbs.Stop),
        new(["app start"], "Start an application again", Apps.DeployVerbs.Start),
        new(["app logs"], "Show what an application's containers write", Apps.DeployVerbs.Logs),
        new(["app exec"], "Run a command in an application's container", Apps.DeployVerbs.Exec),
        new(["app env"], "List and set an application's variables", Apps.AppVerbs.Variables),
        new(["app domain", "app domains"], "List and set an application's addresses", Apps.AppVerbs.Domains),
        new(["app deploy-key"], "Make a key by which a private repository is read", Apps.AppVerbs.DeployKey),
        new(["app login"], "Set as whom an application's image is pulled", Apps.AppVerbs.Login),
        new(["app webhook"], "Show where a git host sends its events", Apps.AppVerbs.Webhook),
        new(["app rm", "app remove"], "Remove applications", Apps.AppVerbs.Remove),
        new(["server add"], "Add an engine to the platform", Apps.ServerVerbs.Add),
        new(["server list", "server ls"], "List the platform's servers", Apps.ServerVerbs.List),
        new(["server check"], "Check a server", Apps.ServerVerbs.Check),
        new(["server rm", "server remove"], "Remove a server", Apps.ServerVerbs.Remove),
        new(["server login"], "Set as whom built images are pushed to a server's registry", Apps.ServerVerbs.Login),
        new(["server token"], "Make a token for the platform", Apps.ServerVerbs.Token),
        new(["completion"], "Print the completion script for a shell (bash or zsh)", CompletionVerbs.Script),
        new(["__complete"], "Answer candidates for completion", CompletionVerbs.Complete) { Hidden = true },
    ];

    /// <summary>The verb that the words start with, and how many of them are its name.</summary>
    public static (VerbEntry? Entry, int Words) Find(IReadOnlyList<string> words)
    {
        for (int length = Math.Min(2, words.Count); length > 0; length--)
        {
            string path = length == 1 ? words[0] : words[0] + " " + words[1];
            foreach (VerbEntry entry in All)
            {
                if (Array.IndexOf(entry.Names, path) >= 0)
                {
                    return (entry, length);
                }
            }
        }

        return (null, 0);
    }

    public static bool IsGroup(string word) => Array.Exists(Groups, g => g.Name == word);

    /// <summary>Verbs of a group with the name they have in it.</summary>
    public static IEnumerable<(string Name, VerbEntry Entry)> InGroup(string prefix) => All
        .Select(e => (Name: Array.Find(e.Names, n => n.StartsWith(prefix + " ", StringComparison.Ordinal)), Entry: e))
        .Where(v => v.Name is not null)
        .Select(v => (v.Name![(prefix.Length + 1)..], v.Entry))
        .OrderBy(v => v.Item1, StringComparer.Ordinal);
}
