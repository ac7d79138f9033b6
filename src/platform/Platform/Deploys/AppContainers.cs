using System.Globalization;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Deploys;

/// <summary>What a container runs that does not serve.</summary>
/// <param name="Process">Name of the process, such as <c>worker</c>.</param>
/// <param name="Words">Argument vector.</param>
internal sealed record AsideCommand(string Process, IReadOnlyList<string> Words);

/// <summary>Makes, stops and removes containers of applications.</summary>
public sealed class AppContainers(EnginePool engines, ProxyContainer proxy, Routes routes, Variables variables, PlatformIdentity identity)
{
    private const int ShownLines = 30;

    /// <summary>Names of the containers that a deployment makes.</summary>
    internal static IReadOnlyList<string> NamesFor(App app, Deployment deployment, Release release) =>
        [.. Enumerable.Range(1, release.Run.Replicas).Select(replica => string.Create(CultureInfo.InvariantCulture, $"{app.Name}-{deployment.Number}-{replica}"))];

    /// <summary>Containers of a release's other processes, as many of each as its settings say.</summary>
    internal static IReadOnlyList<ProcessContainer> ProcessesFor(App app, Deployment deployment, Release release) =>
        [.. release.Processes.Keys.Order(StringComparer.Ordinal).SelectMany(process => Enumerable.Range(1, release.Run.Processes.GetValueOrDefault(process, 1))
            .Select(replica => new ProcessContainer(process, string.Create(CultureInfo.InvariantCulture, $"{app.Name}-{deployment.Number}-{process}-{replica}"))))];

    /// <summary>Where the proxy finds the containers of a deployment: all of them have its identity as a name in their network.</summary>
    internal static string TargetOf(Deployment deployment, Release release) => string.Create(CultureInfo.InvariantCulture, $"{deployment.Id}:{release.Port}");

    /// <summary>Name of the engine's volume behind an application's.</summary>
    internal static string VolumeOf(App app, string volume) => $"slipway-{app.Id[..8]}-{volume[..volume.IndexOf(':', StringComparison.Ordinal)]}";

    /// <summary>Makes and starts one container of a release.</summary>
    /// <param name="server">Where.</param>
    /// <param name="app">Of which application.</param>
    /// <param name="release">What.</param>
    /// <param name="deployment">For which deployment; null for one that runs a command aside.</param>
    /// <param name="name">Its name.</param>
    /// <param name="aside">What to run in place of the release's command, reached by no route; null for the release's.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    internal async Task StartAsync(Server server, App app, Release release, Deployment deployment, string name, AsideCommand? aside, CancellationToken cancellation)
    {
        var engine = engines.Of(server);
        var network = proxy.NetworkOf(app.EnvironmentId);
        await proxy.EnsureNetworkAsync(engine, network, cancellation).ConfigureAwait(false);
        await engine.CreateContainerAsync(Request(app, release, deployment, name, aside, network), name, cancellation: cancellation).ConfigureAwait(false);
        await engine.StartContainerAsync(name, cancellation: cancellation).ConfigureAwait(false);
    }

    /// <summary>From now on containers are started again when they end. Before, an end is one: its exit code and its last lines stay to be read.</summary>
    internal async Task KeepUpAsync(Server server, IReadOnlyList<string> names, CancellationToken cancellation) =>
        await Task.WhenAll(names.Select(name => engines.Of(server).UpdateContainerAsync(name, new ContainerUpdateRequest { RestartPolicy = new RestartPolicy { Name = "unless-stopped" } }, cancellation))).ConfigureAwait(false);

    /// <summary>Stops containers, side by side, each with its grace period.</summary>
    /// <param name="server">Where.</param>
    /// <param name="names">Their names.</param>
    /// <param name="graceSeconds">Seconds between SIGTERM and SIGKILL; null for each container's own.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal async Task StopAsync(Server server, IReadOnlyList<string> names, int? graceSeconds, CancellationToken cancellation) =>
        await Task.WhenAll(names.Select(name => IgnoreMissingAsync(() => engines.Of(server).StopContainerAsync(name, graceSeconds, cancellation: cancellation)))).ConfigureAwait(false);

    /// <summary>Removes containers; their anonymous volumes go with them, named ones stay.</summary>
    internal async Task RemoveAsync(Server server, IReadOnlyList<string> names, CancellationToken cancellation) =>
        await Task.WhenAll(names.Select(name => IgnoreMissingAsync(() => engines.Of(server).RemoveContainerAsync(name, force: true, volumes: true, cancellation: cancellation)))).ConfigureAwait(false);

    /// <summary>Addresses of those containers that run, as <c>address:port</c>.</summary>
    internal async Task<IReadOnlyList<string>> AddressesAsync(Server server, App app, IReadOnlyList<string> names, int port, CancellationToken cancellation)
    {
        var network = proxy.NetworkOf(app.EnvironmentId);
        return [.. (await ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false))
            .Where(container => names.Any(name => container.Names.Contains("/" + name)))
            .Select(container => container.NetworkSettings?.Networks?.GetValueOrDefault(network)?.IPAddress)
            .Where(address => !string.IsNullOrEmpty(address))
            .Select(address => string.Create(CultureInfo.InvariantCulture, $"{address}:{port}"))];
    }

    /// <summary>Containers of this platform on a server.</summary>
    /// <param name="server">Where.</param>
    /// <param name="label">A label that they have, such as an application's.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellation">Ends the request.</param>
    internal async Task<IReadOnlyList<ContainerSummary>> ListAsync(Server server, string label, string value, CancellationToken cancellation) =>
        await engines.Of(server).ListContainersAsync(all: true, filters: Filters.None.With("label", $"{Labels.Platform}={identity.Id}").With("label", $"{label}={value}"), cancellation: cancellation).ConfigureAwait(false);

    /// <summary>Starts what was stopped beside the platform although its application is to run, such as when the machine's engine was stopped.</summary>
    /// <returns>Their names.</returns>
    internal async Task<IReadOnlyList<string>> ReviveAsync(Server server, IReadOnlyList<App> apps, CancellationToken cancellation)
    {
        var wanted = apps.Where(app => app is { Stopped: false, ReleaseId: not null })
            .SelectMany(app => app.AllContainers.Except(app.Services.Where(service => !service.Wanted).SelectMany(service => service.Containers))).ToHashSet(StringComparer.Ordinal);
        var engine = engines.Of(server);
        var ended = (await engine.ListContainersAsync(all: true, filters: Filters.None.With("label", $"{Labels.Platform}={identity.Id}").With("status", "exited"), cancellation: cancellation).ConfigureAwait(false))
            .Select(container => container.Names[0].TrimStart('/')).Where(wanted.Contains).ToList();
        foreach (var name in ended)
        {
            await engine.StartContainerAsync(name, cancellation: cancellation).ConfigureAwait(false);
        }

        return ended;
    }

    /// <summary>Shows the last lines of a container in a deployment's log.</summary>
    internal async Task ShowLogAsync(Server server, string container, DeploymentLog log)
    {
        try
        {
            var lines = await ContainerCommand.LastLinesAsync(engines.Of(server), container, ShownLines, CancellationToken.None).ConfigureAwait(false);
            log.Write(lines.Count == 0 ? $"{container} has written nothing." : $"The last lines of {container}:");
            foreach (var line in lines)
            {
                log.Write("  " + line);
            }
        }
        catch (Exception e) when (e is EngineApiException or IOException)
        {
            log.Write($"The log of {container} cannot be read: {e.Message}");
        }
    }

    private static async Task IgnoreMissingAsync(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode is 404 or 409)
        {
            // Somebody else has removed it, or is about to.
        }
    }

    private ContainerCreateRequest Request(App app, Release release, Deployment deployment, string name, AsideCommand? aside, string network)
    {
        var words = aside?.Words ?? release.Run.Command;
        return new ContainerCreateRequest
        {
            Image = release.ImageId,
            Cmd = words.Count > 0 ? words : null,
            Entrypoint = words.Count > 0 ? [] : null,
            Env = [.. EnvironmentOf(app, release, name).Select(pair => $"{pair.Key}={pair.Value}")],
            StopTimeout = release.Run.StopGraceSeconds,
            Labels = new Dictionary<string, string>
            {
                [Labels.Platform] = identity.Id, [Labels.App] = app.Id, [Labels.AppName] = app.Name, [Labels.Release] = release.Id, [Labels.Deployment] = deployment.Id,
                [Labels.Process] = aside?.Process ?? App.Web,
            },
            HostConfig = new HostConfig
            {
                NetworkMode = network,

                // As the first process of a container many programs do not hear SIGTERM.
                Init = true,
                Memory = release.Run.Memory,
                NanoCpus = (long)(release.Run.Cpus * 1e9),
                Mounts = [.. release.Run.Volumes.Select(volume => Mount(app, volume))],
            },
            NetworkingConfig = new NetworkingConfig
            {
                EndpointsConfig = new Dictionary<string, EndpointSettings?> { [network] = new EndpointSettings { Aliases = aside is not null ? [] : [app.Name, deployment.Id] } },
            },
        };
    }

    private static Mount Mount(App app, string volume)
    {
        var parts = volume.Split(':');
        return new Mount { Type = "volume", Source = VolumeOf(app, volume), Target = parts[1], ReadOnly = parts.Length == 3 };
    }

    // Predefined first: a variable of the user's with the same name wins.
    private SortedDictionary<string, string> EnvironmentOf(App app, Release release, string name)
    {
        var (urls, domains) = (routes.UrlsOf(app), routes.DomainsOf(app));
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOST"] = "0.0.0.0",
            ["PORT"] = release.Port.ToString(CultureInfo.InvariantCulture),
            ["SLIPWAY_APP"] = app.Name,
            ["SLIPWAY_URL"] = string.Join(',', urls),
            ["COOLIFY_URL"] = string.Join(',', urls),
            ["COOLIFY_FQDN"] = string.Join(',', domains.Select(domain => domain.Host)),
            ["COOLIFY_BRANCH"] = app.Source.Branch,
            ["COOLIFY_RESOURCE_UUID"] = app.Id,
            ["COOLIFY_CONTAINER_NAME"] = name,
        };
        if (release.Commit is { } commit)
        {
            result["SOURCE_COMMIT"] = commit;
        }

        foreach (var (key, value) in variables.Resolve(app, release.Variables, build: false))
        {
            result[key] = value;
        }

        return result;
    }
}
