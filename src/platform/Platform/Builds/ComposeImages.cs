using System.Text;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.DockerApi;
using Slipway.Packs;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Builds;

/// <summary>Gets the images of a Compose file's services: built from the source, pulled, and with what they mount of the source in them. Each has a name of the application's own.</summary>
/// <param name="builds">Has images built.</param>
/// <param name="pulls">Has them pulled.</param>
/// <param name="engines">The engines.</param>
/// <param name="repositories">The source.</param>
/// <param name="planner">The file.</param>
/// <param name="order">What they are for.</param>
internal sealed class ComposeImages(ReleaseBuild builds, PulledImages pulls, EnginePool engines, AppRepositories repositories, ServicePlanner planner, ComposeOrder order)
{
    private static readonly string[] s_unserved = ["additional_contexts", "secrets", "platforms"];
    private readonly Dictionary<string, ImageInspect> _done = new(StringComparer.Ordinal);

    /// <summary>The image of a service, on the server that runs it.</summary>
    internal async Task<(string Name, ImageInspect Image)> OfAsync(PlannedService planned, CancellationToken cancellation)
    {
        var service = planned.Service;
        var build = service.Build is { } how ? await BuildOf(service, how, cancellation).ConfigureAwait(false) : null;
        var pulled = build is null ? await PullAsync(service, cancellation).ConfigureAwait(false) : default;
        if (planned.Sources.Count == 0)
        {
            return build is null ? pulled : (build.Image, await EnsureAsync(build, builds.BuilderOf(order.App, order.Server), cancellation).ConfigureAwait(false));
        }

        var key = BuildKey.Of([build?.Image ?? pulled.Image.Id, .. await PartsAsync(planned.Sources, cancellation).ConfigureAwait(false)])[..16];
        var image = $"slipway/{order.App.Name}:{key}";
        if (!order.Deployment.Force && await FindAsync(image, cancellation).ConfigureAwait(false) is { } present)
        {
            return (image, present);
        }

        _ = build is null ? null : await EnsureAsync(build, builds.BuilderOf(order.App, order.Server), cancellation).ConfigureAwait(false);
        var whole = new ImageOrder(order.App, new BuildPlan(WithSources(build?.Image ?? pulled.Name, planned.Sources)) { Ignore = ".slipway.*\n" }, order.Source, image) { Labels = LabelsOf() };
        return (image, await EnsureAsync(whole, order.Server, cancellation).ConfigureAwait(false));
    }

    private static string WithSources(string from, IReadOnlyList<MountedSource> sources)
    {
        static string Quoted(string path) => "\"" + System.Text.Json.JsonEncodedText.Encode(path) + "\"";
        var text = new StringBuilder($"FROM {from}\n");
        foreach (var source in sources)
        {
            text.Append($"COPY [{Quoted("./" + source.Path)}, {Quoted(source.Target)}]\n");
        }

        return text.ToString();
    }

    private async Task<IEnumerable<string>> PartsAsync(IReadOnlyList<MountedSource> sources, CancellationToken cancellation)
    {
        List<string> parts = [];
        foreach (var source in sources)
        {
            parts.AddRange([source.Target, source.Path, await repositories.PartAsync(order.App, order.Source.Tree, source.Path, cancellation).ConfigureAwait(false)]);
        }

        return parts;
    }

    private async Task<ImageInspect> EnsureAsync(ImageOrder image, Server builder, CancellationToken cancellation)
    {
        if (_done.TryGetValue(image.Image, out var done))
        {
            return done;
        }

        var present = order.Deployment.Force ? null : await FindAsync(image.Image, cancellation).ConfigureAwait(false);
        if (present is null)
        {
            await builds.BuildAsync(order.App, order.Deployment, image with { NoCache = image.NoCache || order.Deployment.Force }, builder, order.Server, order.Log, cancellation).ConfigureAwait(false);
            present = await FindAsync(image.Image, cancellation).ConfigureAwait(false) ?? throw new PlatformException(Refusal.Unavailable, $"the image {image.Image} did not arrive at server {order.Server.Name}");
        }

        return _done[image.Image] = present;
    }

    private Task<ImageInspect?> FindAsync(string image, CancellationToken cancellation) => ReleaseBuild.FindAsync(engines.Of(order.Server), image, cancellation);

    // An image that the server has is taken as it is, so that what moves on at a registry does not replace databases by itself.
    private async Task<(string Name, ImageInspect Image)> PullAsync(Service service, CancellationToken cancellation)
    {
        var image = Apps.Rules.Image(service.Image);
        var present = await FindAsync(image, cancellation).ConfigureAwait(false);
        if (present is not null && (image.StartsWith("slipway/", StringComparison.Ordinal) || (service.PullPolicy != "always" && !order.Deployment.Force)))
        {
            return (await PulledImages.OwnAsync(engines.Of(order.Server), order.App, present, cancellation).ConfigureAwait(false), present);
        }

        if (image.StartsWith("slipway/", StringComparison.Ordinal))
        {
            throw ImageBuild.Lacks(order.Server, image);
        }

        return await pulls.PullAsync(order.App, order.Server, image, order.Log, cancellation).ConfigureAwait(false);
    }

    private async Task<ImageOrder> BuildOf(Service service, Mapping build, CancellationToken cancellation)
    {
        foreach (var key in s_unserved.Where(key => build[key] is Mapping { Count: > 0 } or Sequence { Items.Count: > 0 }))
        {
            throw Fault(build[key]!, $"{service.Path}.build.{key}", "is not available for applications of the platform");
        }

        var context = build.Text("context") ?? "";
        var path = ProjectPaths.IsRemote(context) ? throw Fault(build, $"{service.Path}.build.context", "contexts at other places are not fetched by the platform")
            : planner.Find(context) ?? throw Fault(build, $"{service.Path}.build.context", $"{context}: no such directory");
        var file = Path.GetFullPath(build.Text("dockerfile") ?? "Dockerfile", context);
        var text = build.Text("dockerfile_inline") ?? (File.Exists(file) ? FileGate.ReadNamed(file) : throw Fault(build, $"{service.Path}.build.dockerfile", $"{file}: no such file"));
        var target = build.Text("target") is { Length: > 0 } stage ? stage : null;
        var ignore = File.Exists(file + ".dockerignore") && planner.Find(file + ".dockerignore") is not null ? FileGate.ReadNamed(file + ".dockerignore") : null;
        var arguments = new SortedDictionary<string, string>(order.Arguments.ToDictionary(), StringComparer.Ordinal);
        foreach (var (name, value) in build.Pairs("args"))
        {
            arguments[name] = value;
        }

        var tree = await repositories.PartAsync(order.App, order.Source.Tree, path, cancellation).ConfigureAwait(false);
        var key16 = BuildKey.Of([order.App.Id, tree, text, target ?? "", ignore ?? "", .. build.Pairs("labels").SelectMany(pair => (string[])[pair.Key, pair.Value]), .. arguments.SelectMany(pair => (string[])[pair.Key, pair.Value])])[..16];
        var plan = new BuildPlan(text) { Target = target, Ignore = ignore, BaseImages = PackPlanner.Plan(null, new PackOptions { Pack = "dockerfile", DockerfileText = text, DockerfileTarget = target }).BaseImages };
        return new ImageOrder(order.App, plan, order.Source with { Tree = tree }, builds.NameOf(order.App, order.Server, key16))
        {
            Arguments = arguments, NoCache = build.Flag("no_cache"), Labels = LabelsOf(build.Pairs("labels")),
        };
    }

    private PlatformException Fault(Node at, string path, string reason) => ComposeReader.Wrap(new Slipway.Compose.ComposeException(at.At, path, reason), order.Root);

    private Dictionary<string, string> LabelsOf(IReadOnlyDictionary<string, string>? own = null) =>
        new(own?.Where(label => !label.Key.StartsWith("slipway.", StringComparison.Ordinal)) ?? [], StringComparer.Ordinal) { [Labels.App] = order.App.Id, [Labels.AppName] = order.App.Name };
}

/// <summary>What images are made for.</summary>
/// <param name="App">The application.</param>
/// <param name="Deployment">The deployment.</param>
/// <param name="Server">The server that runs it.</param>
/// <param name="Source">The source.</param>
/// <param name="Root">Directory with the source.</param>
/// <param name="Log">The deployment's log.</param>
internal sealed record ComposeOrder(App App, Deployment Deployment, Server Server, SourceCommit Source, string Root, DeploymentLog Log)
{
    /// <summary>Arguments that all builds get.</summary>
    public required IReadOnlyDictionary<string, string> Arguments { get; init; }
}
