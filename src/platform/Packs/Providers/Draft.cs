namespace Slipway.Packs.Providers;

/// <summary>A phase while the plan is being made.</summary>
internal sealed class DraftPhase(string name)
{
    internal string Name { get; set; } = name;

    internal List<string> DependsOn { get; set; } = [];

    internal List<string> Packages { get; set; } = [];

    internal List<string> RunPackages { get; set; } = [];

    internal List<string> Commands { get; set; } = [];

    /// <summary>Null for the whole source.</summary>
    internal List<string>? Files { get; set; }

    internal List<string> Caches { get; set; } = [];

    internal List<string> Paths { get; set; } = [];
}

/// <summary>Something the run image takes from the build.</summary>
/// <param name="From">Path in the build.</param>
/// <param name="To">Path in the image.</param>
internal sealed record Copied(string From, string To);

/// <summary>A plan while it is being made: providers fill it, configuration changes it, and <see cref="Writing.DockerfileText"/> writes it down.</summary>
internal sealed class Draft
{
    internal List<DraftPhase> Phases { get; } = [];

    internal List<ToolChoice> Tools { get; } = [];

    internal Choice? Framework { get; set; }

    /// <summary>Variables of build and image.</summary>
    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables of the build alone.</summary>
    internal Dictionary<string, string> BuildVariables { get; } = new(StringComparer.Ordinal);

    /// <summary>Name of the base image for the phases, without <c>slipway/</c> and tag.</summary>
    internal string BuildImage { get; set; } = "base";

    /// <summary>Name of the base image to run on.</summary>
    internal string RunImage { get; set; } = "base";

    /// <summary>A complete reference to run on instead.</summary>
    internal string? OtherRunImage { get; set; }

    internal string? OtherBuildImage { get; set; }

    internal string? Start { get; set; }

    internal string StartReason { get; set; } = "";

    /// <summary>Said when no start command was found.</summary>
    internal string StartHelp { get; set; } = "";

    /// <summary>What the image runs for the start command where that is something simpler; null for the command itself.</summary>
    internal string? Resolved { get; set; }

    /// <summary>Commands of the Procfile that run in the image besides, by name: <c>release</c> and processes that do not serve.</summary>
    internal Dictionary<string, string> Processes { get; set; } = new(StringComparer.Ordinal);

    internal int? Port { get; set; }

    /// <summary>Directories with dependencies: when nothing is built, they and the source make the image, each in a layer of its own.</summary>
    internal List<string> Dependencies { get; } = [];

    /// <summary>What the image takes from the build beside the source; null for the whole application directory.</summary>
    internal List<Copied>? Outputs { get; set; }

    /// <summary>Tools of the build that the image has too.</summary>
    internal List<Copied> RunTools { get; } = [];

    /// <summary>The image has the source too, when it takes only <see cref="Outputs"/> from the build.</summary>
    internal bool WithSource { get; set; }

    /// <summary>Where the application lies in the image.</summary>
    internal string Directory { get; set; } = "/app";

    /// <summary>The user of the image; empty for the base image's.</summary>
    internal string User { get; set; } = "1000:1000";

    /// <summary>Commands after the build that remove what only it needed, or pick what is run.</summary>
    internal List<string> Prune { get; } = [];

    /// <summary>What the context never contains.</summary>
    internal List<string> Ignored { get; } = [];

    /// <summary>The directory of the source that the image has instead of all of it; null for all.</summary>
    internal string? Publish { get; set; }

    /// <summary>The base image starts the application by itself.</summary>
    internal bool StartsItself { get; set; }

    /// <summary>Prefixes of variables that installing needs.</summary>
    internal string[] InstallPrefixes { get; set; } = [];

    /// <summary>Makes the image a web server for a directory that the build makes.</summary>
    internal void Serve(string directory, bool singlePage)
    {
        Variables.Clear();
        (RunImage, User, Directory, StartsItself, Port, Finish) = ("static", "www-data:www-data", "/srv/www", true, Static.StaticProvider.UsualPort, null);
        Outputs = [new Copied($"/app/{directory.Trim('/')}", "/srv/www")];
        if (singlePage)
        {
            Variables["SPA"] = "1";
        }
    }

    /// <summary>Debian packages that stand for <see cref="BuildImage"/> where another language's image is used.</summary>
    internal string[] ToolPackages { get; set; } = [];

    /// <summary>Commands that prepare another language's image for this one.</summary>
    internal string[] ToolCommands { get; set; } = [];

    /// <summary>Called with the final start command, when configuration has had its say.</summary>
    internal Action<Draft, string?>? Finish { get; set; }

    /// <summary>The whole application directory as it is after the build.</summary>
    internal List<Copied> Everything() => [new("/app", Directory), .. Dependencies.Where(d => !d.StartsWith("/app/", StringComparison.Ordinal)).Select(d => new Copied(d, d))];

    /// <summary>The phase of a name, made when it is missing.</summary>
    internal DraftPhase Phase(string name)
    {
        var phase = Phases.Find(p => p.Name == name);
        if (phase is null)
        {
            phase = new DraftPhase(name) { DependsOn = name switch { "install" => ["setup"], "build" => ["install"], _ => [] } };
            Phases.Add(phase);
        }

        return phase;
    }
}
