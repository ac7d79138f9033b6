using Slipway.Packs;
using Slipway.Packs.Sources;
using Slipway.Platform.Model;
using Slipway.Platform.Settings;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Builds;

/// <summary>What the engine is told to build.</summary>
/// <param name="Dockerfile">Text of the Dockerfile.</param>
internal sealed record BuildPlan(string Dockerfile)
{
    /// <summary>Stage to build; null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>Images that it starts from.</summary>
    public IReadOnlyList<string> BaseImages { get; init; } = [];

    /// <summary>What the context leaves out, as a <c>.dockerignore</c>; null leaves the context's own in force.</summary>
    public string? Ignore { get; init; }

    /// <summary>Port, if the plan knows it.</summary>
    public int? Port { get; init; }

    /// <summary>Command for a shell in place of the image's; null for the image's own.</summary>
    public string? StartCommand { get; init; }

    /// <summary>Command for a shell that runs once before the release serves; null for none.</summary>
    public string? ReleaseCommand { get; init; }

    /// <summary>Argument vectors of processes that run beside it, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Processes { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Path of the Compose file that says what is built and run; null for one image.</summary>
    public string? ComposeFile { get; init; }

    /// <summary>What was found, for the log.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Makes the plan of a build: reads the source in a directory that exists meanwhile.</summary>
public sealed class BuildPlanner(AppRepositories repositories, ServerOptions options)
{
    private readonly string _root = Secrets.PrivateFile.Directory(Path.Combine(options.DataRoot, "staging"));

    internal async Task<BuildPlan> PlanAsync(App app, SourceCommit? source, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        if (source is null)
        {
            return Plan(app, null, environment, options);
        }

        var directory = Directory.CreateDirectory(Path.Combine(_root, Identity.New())).FullName;
        try
        {
            var tree = Directory.CreateDirectory(Path.Combine(directory, "source")).FullName;
            await repositories.CheckOutAsync(app, source.Tree, tree, cancellation).ConfigureAwait(false);
            return Plan(app, SourceTree.Open(tree), environment, options);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static BuildPlan Plan(App app, SourceTree? tree, IReadOnlyDictionary<string, string> environment, ServerOptions options)
    {
        try
        {
            var plan = PackPlanner.Plan(tree, OptionsOf(app, environment) with { Certificates = options.BuildCertificates is { } file ? File.ReadAllText(file) : null });
            // Images that packs make start by themselves, often by something simpler than the command that is shown (npm start is not in the image).
            var start = plan.Pack == "dockerfile" && plan.StartReason != "the image's own" ? plan.StartCommand : null;
            return new BuildPlan(plan.Dockerfile ?? (plan.ComposeFile is null ? throw new PlatformException(Refusal.Invalid, $"the build pack {plan.Pack} makes no image of its own") : ""))
            {
                ComposeFile = plan.ComposeFile,
                Target = plan.Target, BaseImages = plan.BaseImages, Ignore = plan.ContextIgnore, Port = plan.Port, StartCommand = start, ReleaseCommand = plan.ReleaseCommand, Processes = plan.Background.ToDictionary(pair => pair.Key, IReadOnlyList<string> (pair) => ["/bin/bash", "-c", pair.Value]), Notes = NotesOf(plan),
            };
        }
        catch (PackException e)
        {
            throw new PlatformException(Refusal.Invalid, e.Message, e);
        }
    }

    private static PackOptions OptionsOf(App app, IReadOnlyDictionary<string, string> environment) => new()
    {
        Pack = app.Source.Kind == SourceKind.Dockerfile ? "dockerfile" : app.Build.Pack,
        Environment = environment,
        InstallCommand = app.Build.InstallCommand,
        BuildCommand = app.Build.BuildCommand,
        StartCommand = app.Build.StartCommand,
        PublishDirectory = app.Build.PublishDirectory,
        SinglePage = app.Build.Spa ? true : null,
        ComposeFile = app.Build.ComposeFile,
        DockerfilePath = app.Build.Dockerfile,
        DockerfileText = app.Source.Kind == SourceKind.Dockerfile ? app.Source.Dockerfile : null,
        DockerfileTarget = app.Build.Target,
        Port = app.Run.Port > 0 ? app.Run.Port : null,
        CacheKey = app.Id,
    };

    private static string[] NotesOf(PackPlan plan) =>
    [
        $"Build pack: {plan.Pack}{string.Concat(plan.Providers.Select(provider => $", {provider.Name} ({provider.Reason})"))}",
        .. plan.Tools.Select(tool => $"  {tool.Name} {tool.Version} ({tool.Reason})"), .. plan.StartCommand is { } start ? (string[])[$"  start: {start} ({plan.StartReason})"] : [], .. plan.Background.Select(pair => $"  {pair.Key}: {pair.Value} (Procfile {pair.Key})"), .. plan.Warnings.Select(warning => "Warning: " + warning),
    ];
}
