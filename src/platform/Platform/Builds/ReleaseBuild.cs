using System.Text.Json;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Packs;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Builds;

/// <summary>Source to release: finds the commit, decides whether a build is needed, builds, and brings the image to the server that runs it.</summary>
public sealed class ReleaseBuild(PlatformStore store, EnginePool engines, AppRepositories repositories, BuildPlanner planner, ImageBuild build, BuildSlots slots, Variables variables, PulledImages pulled, ServerRoom servers, ComposeRelease compose, TimeProvider time)
{
    private const int UsualPort = 3000;

    /// <summary>Makes the release; nothing of it runs or is stored yet.</summary>
    /// <exception cref="PlatformException">It cannot be made; says why.</exception>
    internal async Task<Release> RunAsync(App app, Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        var server = store.Servers.Find(app.ServerId) ?? throw new PlatformException(Refusal.NotFound, "the application's server is gone");
        if (app.Source.Kind == SourceKind.Image)
        {
            return await OfImageAsync(app, server, log, cancellation).ConfigureAwait(false);
        }

        var source = await SourceAsync(app, deployment, log, cancellation).ConfigureAwait(false);
        var arguments = variables.Resolve(app, app.Variables, build: true);
        var key = KeyOf(app, source, arguments);
        var builder = BuilderOf(app, server);
        var image = NameOf(app, server, key[..16]);
        var inspect = deployment.Force ? null : await FindAsync(engines.Of(server), image, cancellation).ConfigureAwait(false);
        if (inspect is not null)
        {
            log.Write($"Nothing of the build has changed and its image is there ({image}): no build.");
        }
        else
        {
            var plan = await planner.PlanAsync(app, source, arguments, cancellation).ConfigureAwait(false);
            if (plan.ComposeFile is { } file)
            {
                plan.Notes.ToList().ForEach(log.Write);
                return await compose.RunAsync(this, app, deployment, source!, file, log, cancellation).ConfigureAwait(false);
            }

            await BuildAsync(app, deployment, new ImageOrder(app, plan, source, image) { Arguments = arguments, NoCache = deployment.Force, Labels = LabelsOf(app, source, plan) }, builder, server, log, cancellation).ConfigureAwait(false);
            inspect = await FindAsync(engines.Of(server), image, cancellation).ConfigureAwait(false) ?? throw new PlatformException(Refusal.Unavailable, $"the image {image} did not arrive at server {server.Name}");
        }

        return NewRelease(app, image, inspect) with { BuildKey = key, Commit = source?.Commit, CommitMessage = source?.Message };
    }

    /// <summary>A release of an image that serves already, with the application's present settings.</summary>
    internal async Task<Release> AgainAsync(App app, Release serving, Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        if (serving is { Services.Count: > 0, Commit: { } commit })
        {
            // Values of variables are part of what the Compose file says, so it is read again; images are there.
            var source = await repositories.ResolveAsync(app, commit, cancellation).ConfigureAwait(false);
            var plan = await planner.PlanAsync(app, source, variables.Resolve(app, app.Variables, build: true), cancellation).ConfigureAwait(false);
            return await compose.RunAsync(this, app, deployment, source, plan.ComposeFile ?? throw new PlatformException(Refusal.Conflict, "the application has no Compose file any more: deploy it"), log, cancellation).ConfigureAwait(false);
        }

        var inspect = await FindAsync(engines.Of(store.Servers.Find(app.ServerId)!), serving.Image, cancellation).ConfigureAwait(false)
            ?? throw new PlatformException(Refusal.NotFound, $"the image {serving.Image} is gone: deploy the application");
        return NewRelease(app, serving.Image, inspect) with { BuildKey = serving.BuildKey, Commit = serving.Commit, CommitMessage = serving.CommitMessage };
    }

    /// <summary>An image that an engine has; null for none.</summary>
    internal static async Task<ImageInspect?> FindAsync(EngineClient engine, string image, CancellationToken cancellation)
    {
        try
        {
            return await engine.InspectImageAsync(image, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            return null;
        }
    }

    private async Task<Release> OfImageAsync(App app, Server server, DeploymentLog log, CancellationToken cancellation)
    {
        var (name, inspect) = await pulled.PullAsync(app, server, app.Source.Image!, log, cancellation).ConfigureAwait(false);
        return NewRelease(app, name, inspect);
    }

    private async Task<SourceCommit?> SourceAsync(App app, Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        if (app.Source.Kind == SourceKind.Dockerfile)
        {
            return null;
        }

        var commit = deployment.Commit ?? app.Source.Commit;
        var name = commit ?? $"refs/heads/{app.Source.Branch}";
        if (app.Source.Kind == SourceKind.Git)
        {
            log.Write($"Fetching {app.Source.Repository}, {(commit is null ? "branch " + app.Source.Branch : "commit " + commit)}.");
            var fetched = await repositories.FetchAsync(app, commit, cancellation).ConfigureAwait(false);
            name = commit ?? fetched;
        }

        var source = await repositories.ResolveAsync(app, name, cancellation).ConfigureAwait(false);
        log.Write($"Commit {source.Commit[..12]}: {source.Message}");
        return source;
    }

    /// <summary>Builds an image when it is its turn, and brings it to the server that runs it.</summary>
    internal async Task BuildAsync(App app, Deployment deployment, ImageOrder order, Server builder, Server server, DeploymentLog log, CancellationToken cancellation)
    {
        foreach (var note in order.Plan.Notes)
        {
            log.Write(note);
        }

        using var slot = await slots.TakeAsync(builder, () => log.Write($"Waiting for server {builder.Name}, which builds as much as it may."), cancellation).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(builder.BuildTimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        log.Write($"Building {order.Image} on server {builder.Name}.");
        try
        {
            await build.RunAsync(engines.Of(builder), builder, order, log, either.Token).ConfigureAwait(false);
            await MoveAsync(order.Image, builder, server, log, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested)
        {
            throw new PlatformException(Refusal.Unavailable, $"the build took longer than {builder.BuildTimeoutSeconds} s and was ended", e);
        }
        catch (EngineApiException e)
        {
            throw new PlatformException(Refusal.Invalid, $"the build failed: {e.Message}", e);
        }
    }

    private async Task MoveAsync(string image, Server builder, Server server, DeploymentLog log, CancellationToken cancellation)
    {
        if (builder.Id == server.Id)
        {
            return;
        }

        log.Write($"Pushing {image} from server {builder.Name}, pulling it on server {server.Name}.");
        var login = servers.LoginOf(server.Registry is not null ? server : builder);
        await foreach (var message in engines.Of(builder).PushImageAsync(image, auth: login, cancellation: cancellation).ConfigureAwait(false))
        {
            Refuse(message);
        }

        await foreach (var message in engines.Of(server).PullImageAsync(image, auth: login, cancellation: cancellation).ConfigureAwait(false))
        {
            Refuse(message);
        }
    }

    private static void Refuse(JsonMessage message)
    {
        if (message.Error is { } error)
        {
            throw new PlatformException(Refusal.Unavailable, $"the image cannot be moved: {error}");
        }
    }

    /// <summary>Where an application is built: on the least busy build server, if there is one; else where it runs.</summary>
    internal Server BuilderOf(App app, Server server) =>
        store.Servers.Find(app.BuildServerId)
        ?? (server.Registry is null ? null : store.Servers.All.Where(candidate => candidate.BuildServer).OrderBy(slots.Used).FirstOrDefault())
        ?? server;

    /// <summary>Name of an image that is built for an application.</summary>
    /// <param name="app">The application.</param>
    /// <param name="server">The server that runs it.</param>
    /// <param name="tag">Sixteen hexadecimal digits.</param>
    internal string NameOf(App app, Server server, string tag)
    {
        var builder = BuilderOf(app, server);
        return $"{(builder.Id == server.Id ? "slipway" : server.Registry ?? builder.Registry ?? throw new PlatformException(Refusal.Invalid, $"server {server.Name} needs a registry to get images from build server {builder.Name}"))}/{app.Name}:{tag}";
    }

    private static string KeyOf(App app, SourceCommit? source, IReadOnlyDictionary<string, string> arguments) =>
        BuildKey.Of([app.Id, source?.Tree ?? app.Source.Dockerfile ?? "", JsonSerializer.Serialize(app.Build, Api.ApiJson.Default.BuildSettings), .. arguments.SelectMany(pair => (string[])[pair.Key, pair.Value])]);

    private static Dictionary<string, string> LabelsOf(App app, SourceCommit? source, BuildPlan plan)
    {
        var labels = new Dictionary<string, string> { [Labels.App] = app.Id, [Labels.AppName] = app.Name };
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)
            [("org.opencontainers.image.revision", source?.Commit), (Labels.Port, plan.Port?.ToString(System.Globalization.CultureInfo.InvariantCulture)), (Labels.Start, plan.StartCommand), (Labels.ReleaseCommand, plan.ReleaseCommand),
             (Labels.Processes, plan.Processes.Count == 0 ? null : JsonSerializer.Serialize(plan.Processes.ToDictionary(), Api.ApiJson.Default.DictionaryStringIReadOnlyListString))])
        {
            if (value is not null)
            {
                labels[name] = value;
            }
        }

        return labels;
    }

    // An image of somebody else's may have any label.
    private static Dictionary<string, IReadOnlyList<string>> ProcessesOf(IReadOnlyDictionary<string, string>? labels)
    {
        try
        {
            var processes = labels?.GetValueOrDefault(Labels.Processes) is { } text ? JsonSerializer.Deserialize(text, Api.ApiJson.Default.DictionaryStringIReadOnlyListString) : null;
            return (processes ?? []).Where(pair => ProcessName.IsValid(pair.Key) && pair.Key != App.Web && pair.Value is { Count: > 0 }).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary();
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>A release of one image, with the application's present settings.</summary>
    internal Release NewRelease(App app, string image, ImageInspect inspect)
    {
        var labels = inspect.Config?.Labels;
        var planned = labels?.GetValueOrDefault(Labels.Port);
        var exposed = inspect.Config?.ExposedPorts?.Keys.Where(port => port.EndsWith("/tcp", StringComparison.Ordinal)).Select(port => int.Parse(port.AsSpan(0, port.Length - 4), System.Globalization.CultureInfo.InvariantCulture)).Order().FirstOrDefault() ?? 0;
        var run = app.Run;
        if (run.Command.Count == 0 && labels?.GetValueOrDefault(Labels.Start) is { } start)
        {
            run = run with { Command = ["sh", "-c", start] };
        }

        if (run.PreDeploy.Count == 0 && labels?.GetValueOrDefault(Labels.ReleaseCommand) is { } release)
        {
            run = run with { PreDeploy = ["sh", "-c", release] };
        }

        return new Release
        {
            Id = Identity.New(),
            AppId = app.Id,
            Image = image,
            ImageId = inspect.Id,
            Run = run,
            Processes = ProcessesOf(labels),
            Variables = app.Variables,
            Port = app.Run.Port > 0 ? app.Run.Port : planned is not null ? int.Parse(planned, System.Globalization.CultureInfo.InvariantCulture) : exposed > 0 ? exposed : UsualPort,
            Created = time.GetUtcNow(),
        };
    }
}
