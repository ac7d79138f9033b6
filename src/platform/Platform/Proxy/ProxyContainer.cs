using System.Formats.Tar;
using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Settings;
using Slipway.Platform.Store;

namespace Slipway.Platform.Proxy;

/// <summary>The proxy of a server: a container that runs Caddy, in the networks of all environments that have applications there.</summary>
public sealed class ProxyContainer(PlatformStore store, EnginePool engines, ServerOptions options, PlatformIdentity identity)
{
    private const string Spec = "slipway.proxy.spec";
    private const int GraceSeconds = 10;
    private const string RootDirectory = "/etc/caddy";
    private const string RootFile = "acme-root.pem";

    /// <summary>Name of the container.</summary>
    public string Name => $"slipway-proxy-{identity.Short}";

    /// <summary>Name of the network of an environment.</summary>
    public string NetworkOf(string environmentId) => $"slipway-{environmentId}";

    /// <summary>Makes the container if it is missing or has other ports than it should, and starts it if it does not run.</summary>
    /// <returns>Whether it was made or started; it may then not be ready for visitors yet.</returns>
    /// <exception cref="PlatformException">Its image is missing, the engine refuses it, or it is the proxy of another server.</exception>
    public async Task<bool> EnsureAsync(Server server, IEnumerable<string> environmentIds, CancellationToken cancellation)
    {
        var engine = engines.Of(server);
        try
        {
            var networks = environmentIds.Select(NetworkOf).ToList();
            foreach (var network in networks)
            {
                await EnsureNetworkAsync(engine, network, cancellation).ConfigureAwait(false);
            }

            var present = await FindAsync(engine, cancellation).ConfigureAwait(false);
            RefuseTwin(server, present);
            if (present is not null && present.Config.Labels?.GetValueOrDefault(Spec) != SpecOf(server))
            {
                // Requests that run are answered first; meanwhile nobody else is let in, so not for long.
                await engine.StopContainerAsync(Name, GraceSeconds, cancellation: cancellation).ConfigureAwait(false);
                await engine.RemoveContainerAsync(Name, force: true, cancellation: cancellation).ConfigureAwait(false);
                present = null;
            }

            if (present is null)
            {
                await engine.CreateContainerAsync(Request(server), Name, cancellation: cancellation).ConfigureAwait(false);
                await GiveRootAsync(engine, cancellation).ConfigureAwait(false);
                present = await engine.InspectContainerAsync(Name, cancellation: cancellation).ConfigureAwait(false);
            }

            foreach (var network in networks.Where(network => present.NetworkSettings.Networks?.ContainsKey(network) != true))
            {
                await engine.ConnectNetworkAsync(network, new NetworkConnectRequest { Container = Name }, cancellation).ConfigureAwait(false);
            }

            if (!present.State.Running)
            {
                await engine.StartContainerAsync(Name, cancellation: cancellation).ConfigureAwait(false);
            }

            return !present.State.Running;
        }
        catch (EngineApiException e) when (e.StatusCode == 404 && e.Message.Contains("image", StringComparison.OrdinalIgnoreCase))
        {
            throw new PlatformException(Refusal.Unavailable, $"server {server.Name} lacks the proxy's image {options.ProxyImage}: slipway image bootstrap caddy", e);
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException)
        {
            throw new PlatformException(Refusal.Unavailable, $"the proxy of server {server.Name} cannot be started: {e.Message}", e);
        }
    }

    /// <summary>Waits until the proxy listens, inside its container; it answers its admin API before.</summary>
    /// <exception cref="PlatformException">It does not, or does not run.</exception>
    internal async Task ListensAsync(Server server, CancellationToken cancellation)
    {
        try
        {
            var (code, output) = await ContainerCommand.RunAsync(engines.Of(server), Name, ProxyPort.Connect("TCP:127.0.0.1:80"), cancellation).ConfigureAwait(false);
            if (code != 0)
            {
                throw new PlatformException(Refusal.Unavailable, $"the proxy of server {server.Name} does not listen: {output.Trim()}");
            }
        }
        catch (Exception e) when (e is EngineApiException or IOException)
        {
            throw new PlatformException(Refusal.Unavailable, $"the proxy of server {server.Name} does not run: {e.Message}", e);
        }
    }

    /// <summary>Waits until visitors can connect to its published port, as seen from the engine's machine.</summary>
    /// <returns>Whether they can; false when the time is over, or the server does not say one port.</returns>
    internal async Task<bool> IsReachedAsync(Server server, CancellationToken cancellation) =>
        ProxyAddress.Parse(server.HttpPort) is { } address
        && await new ProxyPort(engines.Of(server), options.ProxyImage, Name + "-look", identity).AcceptsAsync(address, cancellation).ConfigureAwait(false);

    // One engine under two addresses would have one proxy, which both servers would make anew with their own ports and routes.
    private void RefuseTwin(Server server, ContainerInspect? present)
    {
        if (present?.Config.Labels?.GetValueOrDefault(Labels.Server) is { } id && id != server.Id && store.Servers.Find(id) is { BuildServer: false } other)
        {
            throw new PlatformException(Refusal.Unavailable, $"server {server.Name} is the engine of server {other.Name} under another address: remove one of the two");
        }
    }

    /// <summary>Where ACME certificates come from, as Caddy's JSON; null for the usual authorities.</summary>
    internal JsonObject? AcmeIssuer()
    {
        if (options.AcmeAuthority is not { } authority)
        {
            return null;
        }

        var issuer = new JsonObject { ["module"] = "acme", ["ca"] = authority };
        if (options.AcmeRoot is not null)
        {
            issuer["trusted_roots_pem_files"] = new JsonArray($"{RootDirectory}/{RootFile}");
        }

        return issuer;
    }

    /// <summary>Makes the network of an environment if it is missing.</summary>
    internal Task EnsureNetworkAsync(EngineClient engine, string network, CancellationToken cancellation) =>
        EngineNetworks.EnsureAsync(engine, new NetworkCreateRequest { Name = network, Labels = new Dictionary<string, string> { [Labels.Platform] = identity.Id } }, cancellation);

    private async Task GiveRootAsync(EngineClient engine, CancellationToken cancellation)
    {
        if (options.AcmeRoot is not { } file)
        {
            return;
        }

        using var tar = new MemoryStream();
        using (var content = new MemoryStream(await File.ReadAllBytesAsync(file, cancellation).ConfigureAwait(false)))
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, RootFile) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead }, cancellation).ConfigureAwait(false);
        }

        tar.Position = 0;
        await engine.PutArchiveAsync(Name, RootDirectory, tar, cancellation: cancellation).ConfigureAwait(false);
    }

    private async Task<ContainerInspect?> FindAsync(EngineClient engine, CancellationToken cancellation)
    {
        try
        {
            return await engine.InspectContainerAsync(Name, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            return null;
        }
    }

    private string SpecOf(Server server) => $"3 {options.ProxyImage} {server.HttpPort} {server.HttpsPort}{(options.AcmeRoot is null ? "" : " " + options.AcmeRoot)}";

    private ContainerCreateRequest Request(Server server) => new()
    {
        Image = options.ProxyImage,
        Labels = new Dictionary<string, string> { [Labels.Proxy] = "true", [Labels.Platform] = identity.Id, [Labels.Server] = server.Id, [Spec] = SpecOf(server) },
        ExposedPorts = new Dictionary<string, EmptyObject> { ["80/tcp"] = default, ["443/tcp"] = default, ["443/udp"] = default },
        HostConfig = new HostConfig
        {
            RestartPolicy = new RestartPolicy { Name = "always" },

            // Caddy listens anew at each change of routes (SO_REUSEPORT); connections that wait at the old socket go over to the new one (Linux 5.14).
            Sysctls = new Dictionary<string, string> { ["net.ipv4.tcp_migrate_req"] = "1" },
            // Names without a dot are containers: nobody outside is asked for those that do not run.
            DnsOptions = ["ndots:1", "timeout:1", "attempts:2"],
            DnsSearch = ["."],
            PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?>
            {
                ["80/tcp"] = [Binding(server.HttpPort)],
                ["443/tcp"] = [Binding(server.HttpsPort)],
                ["443/udp"] = [Binding(server.HttpsPort)],
            },
            Mounts =
            [
                new Mount { Type = "volume", Source = Name + "-data", Target = "/data" },
                new Mount { Type = "volume", Source = Name + "-config", Target = "/config" },
            ],
        },
    };

    private static PortBinding Binding(string text) => ProxyAddress.Parse(text) is { Address: { } address, Port: var port }
        ? new PortBinding { HostIp = address.ToString(), HostPort = port.ToString(CultureInfo.InvariantCulture) }
        : new PortBinding { HostPort = text };
}
