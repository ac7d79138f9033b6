using System.Formats.Tar;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Builds;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;
using PlatformLabels = Slipway.Platform.Engines.Labels;
using ComposeLabels = Slipway.Compose.Plan.Labels;

namespace Slipway.Platform.Deploys;

/// <summary>Makes containers of services, with the networks and volumes that are the application's own.</summary>
public sealed class ServiceContainers(EnginePool engines, ProxyContainer proxy, SecretBox secrets, PlatformIdentity identity)
{
    /// <summary>Makes a container; it does not run yet.</summary>
    /// <param name="server">Where.</param>
    /// <param name="app">Of which application.</param>
    /// <param name="deployment">For which deployment.</param>
    /// <param name="service">Of which service.</param>
    /// <param name="name">Its name.</param>
    /// <param name="alias">Name that leads the proxy to it; null for a container aside, which nobody finds.</param>
    /// <param name="command">A command in place of the service's; null for its own.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    internal async Task CreateAsync(Server server, App app, Deployment deployment, ReleaseService service, string name, string? alias, IReadOnlyList<string>? command, CancellationToken cancellation)
    {
        var engine = engines.Of(server);
        var spec = ServiceSpec.Open(service, secrets);
        foreach (var network in spec.Networks)
        {
            await EngineNetworks.EnsureAsync(engine, network with { Labels = Own(app) }, cancellation).ConfigureAwait(false);
        }

        foreach (var volume in (spec.Request.HostConfig!.Mounts ?? []).Where(mount => mount is { Type: "volume", Source: not null }))
        {
            await engine.CreateVolumeAsync(new VolumeCreateRequest { Name = volume.Source!, Labels = Own(app) }, cancellation).ConfigureAwait(false);
        }

        // Engines before 25 take one network here; the others are joined before the start.
        var endpoints = await EndpointsAsync(engine, app, spec, service, alias, cancellation).ConfigureAwait(false);
        await engine.CreateContainerAsync(Request(app, deployment, service, spec, endpoints, command), name, cancellation: cancellation).ConfigureAwait(false);
        foreach (var (network, endpoint) in endpoints.Skip(1))
        {
            await engine.ConnectNetworkAsync(network, new NetworkConnectRequest { Container = name, EndpointConfig = endpoint }, cancellation).ConfigureAwait(false);
        }

        await PutFilesAsync(engine, name, spec.Files, cancellation).ConfigureAwait(false);
    }

    /// <summary>From now on a container is started again when it ends, as its file says.</summary>
    internal Task KeepUpAsync(Server server, ReleaseService service, string name, CancellationToken cancellation) =>
        engines.Of(server).UpdateContainerAsync(name, new ContainerUpdateRequest { RestartPolicy = ServiceSpec.Open(service, secrets).Request.HostConfig!.RestartPolicy }, cancellation);

    /// <summary>Removes an application's networks, and its volumes if that is asked for.</summary>
    internal async Task RemoveAllAsync(Server server, App app, bool volumes, CancellationToken cancellation)
    {
        var (engine, filters) = (engines.Of(server), Filters.None.With("label", $"{PlatformLabels.Platform}={identity.Id}").With("label", $"{PlatformLabels.App}={app.Id}"));
        foreach (var network in await engine.ListNetworksAsync(filters, cancellation).ConfigureAwait(false))
        {
            await engine.RemoveNetworkAsync(network.Id, cancellation).ConfigureAwait(false);
        }

        foreach (var volume in volumes ? (await engine.ListVolumesAsync(filters, cancellation).ConfigureAwait(false)).Volumes : [])
        {
            await engine.RemoveVolumeAsync(volume.Name, force: true, cancellation: cancellation).ConfigureAwait(false);
        }
    }

    private Dictionary<string, string> Own(App app) => new() { [PlatformLabels.Platform] = identity.Id, [PlatformLabels.App] = app.Id, [PlatformLabels.AppName] = app.Name };

    // The application's networks, and for who has an address the environment's, where the proxy is.
    private async Task<List<KeyValuePair<string, EndpointSettings?>>> EndpointsAsync(EngineClient engine, App app, ServiceSpec spec, ReleaseService service, string? alias, CancellationToken cancellation)
    {
        List<KeyValuePair<string, EndpointSettings?>> endpoints = [.. (spec.Request.NetworkingConfig?.EndpointsConfig ?? new Dictionary<string, EndpointSettings?>())
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value is null ? null : pair.Value with { Aliases = alias is null ? [] : [.. (pair.Value.Aliases ?? []).Where(other => other.Length > 0)] }))];
        if (service.Ports.Count > 0 && alias is not null)
        {
            var network = proxy.NetworkOf(app.EnvironmentId);
            await proxy.EnsureNetworkAsync(engine, network, cancellation).ConfigureAwait(false);
            endpoints.Add(KeyValuePair.Create<string, EndpointSettings?>(network, new EndpointSettings { Aliases = service.Main ? [alias, app.Name] : [alias] }));
        }

        return endpoints;
    }

    private ContainerCreateRequest Request(App app, Deployment deployment, ReleaseService service, ServiceSpec spec, List<KeyValuePair<string, EndpointSettings?>> endpoints, IReadOnlyList<string>? command)
    {
        var labels = new Dictionary<string, string>(spec.Request.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [PlatformLabels.Deployment] = deployment.Id, [PlatformLabels.Service] = service.Name,
            [ComposeLabels.Project] = ServicePlanner.PrefixOf(app).TrimEnd('-'), [ComposeLabels.Service] = service.Name, [ComposeLabels.OneOff] = command is null ? "False" : "True", [ComposeLabels.Hash] = service.Fingerprint,
        };
        foreach (var (key, value) in Own(app))
        {
            labels[key] = value;
        }

        return spec.Request with
        {
            Image = service.ImageId,
            Cmd = command ?? spec.Request.Cmd,
            Entrypoint = command is null ? spec.Request.Entrypoint : [],
            Labels = labels,

            // Until it has proved itself an end is an end, and a command aside has no port of the host.
            HostConfig = spec.Request.HostConfig! with { RestartPolicy = new RestartPolicy(), PortBindings = command is null ? spec.Request.HostConfig.PortBindings : null },
            NetworkingConfig = endpoints.Count == 0 ? null : new NetworkingConfig { EndpointsConfig = new Dictionary<string, EndpointSettings?>(endpoints.Take(1)) },
        };
    }

    private static async Task PutFilesAsync(EngineClient engine, string container, IReadOnlyList<SpecFile> files, CancellationToken cancellation)
    {
        if (files.Count == 0)
        {
            return;
        }

        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var file in files)
            {
                using var content = new MemoryStream(file.Content);
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file.Path.TrimStart('/')) { DataStream = content, Mode = (UnixFileMode)file.Mode, Uid = file.Uid, Gid = file.Gid }, cancellation).ConfigureAwait(false);
            }
        }

        tar.Position = 0;
        await engine.PutArchiveAsync(container, "/", tar, copyUidGid: true, cancellation: cancellation).ConfigureAwait(false);
    }
}
