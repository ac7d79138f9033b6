using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>Makes the networks and volumes that services use and that do not exist yet. Neither is ever changed or removed here.</summary>
public static class EnsureResources
{
    /// <returns>Ids of the networks by name.</returns>
    internal static async Task<IReadOnlyDictionary<string, string>> RunAsync(Work work, Project project, IReadOnlyList<Service> services, CancellationToken cancellation)
    {
        List<NetworkModel> networks = [.. project.Networks.Values.Where(n => services.Any(s => s.NetworkKeys.Contains(n.Key)))];
        List<VolumeModel> volumes = [.. project.Volumes.Values.Where(v => services.Any(s => Uses(s, v.Key)))];
        Dictionary<string, string> ids = new(StringComparer.Ordinal);
        if (networks.Count > 0)
        {
            foreach (Network network in await work.Engine.ListNetworksAsync(cancellation: cancellation).ConfigureAwait(false))
            {
                ids.TryAdd(network.Name, network.Id);
            }
        }

        HashSet<string> present = volumes.Count == 0 ? [] : [.. (await work.Engine.ListVolumesAsync(cancellation: cancellation).ConfigureAwait(false)).Volumes.Select(v => v.Name)];
        await Task.WhenAll(
        [
            .. networks.Where(n => !ids.ContainsKey(n.Name)).Select(n => NetworkAsync(work, project, n, ids, cancellation)),
            .. volumes.Where(v => !present.Contains(v.Name)).Select(v => VolumeAsync(work, project, v, cancellation)),
        ]).ConfigureAwait(false);
        return networks.ToDictionary(n => n.Name, n => ids.GetValueOrDefault(n.Name, ""), StringComparer.Ordinal);
    }

    private static bool Uses(Service service, string volume) =>
        service.Map.Items("volumes").OfType<Mapping>().Any(v => v.Text("type") == "volume" && v.Text("source") == volume);

    /// <summary>A network in the Engine API's words.</summary>
    public static NetworkCreateRequest Request(Project project, NetworkModel network)
    {
        Mapping? ipam = network.Map.Map("ipam");
        return new NetworkCreateRequest
        {
            Name = network.Name,
            CheckDuplicate = true,
            Driver = network.Map.Text("driver") ?? "bridge",
            Internal = network.Map.Flag("internal"),
            Attachable = network.Map.Flag("attachable"),
            EnableIPv4 = network.Map.Has("enable_ipv4") ? network.Map.Flag("enable_ipv4") : null,
            EnableIPv6 = network.Map.Has("enable_ipv6") ? network.Map.Flag("enable_ipv6") : null,
            Options = network.Map.Map("driver_opts") is null ? null : network.Map.Pairs("driver_opts"),
            Labels = Labels.Resource(project, Labels.Network, network.Key, network.Map.Pairs("labels")),
            IPAM = ipam is null ? null : new Ipam { Driver = ipam.Text("driver") ?? "default", Options = ipam.Map("options") is null ? null : ipam.Pairs("options"), Config = [.. ipam.Items("config").OfType<Mapping>().Select(Pool)] },
        };
    }

    private static async Task NetworkAsync(Work work, Project project, NetworkModel network, Dictionary<string, string> ids, CancellationToken cancellation)
    {
        if (network.External)
        {
            throw new ComposeException($"network {network.Name} declared as external, but could not be found");
        }

        NetworkCreateRequest request = Request(project, network);
        await work.DoAsync("Network", network.Name, "Creating", "Created", async () =>
        {
            string id = (await work.Engine.CreateNetworkAsync(request, cancellation).ConfigureAwait(false)).Id;
            lock (ids)
            {
                ids[network.Name] = id;
            }
        }).ConfigureAwait(false);
    }

    private static IpamConfig Pool(Mapping pool) => new()
    {
        Subnet = pool.Text("subnet"), Gateway = pool.Text("gateway"), IPRange = pool.Text("ip_range"),
        AuxiliaryAddresses = pool.Map("aux_addresses") is null ? null : pool.Pairs("aux_addresses"),
    };

    private static Task VolumeAsync(Work work, Project project, VolumeModel volume, CancellationToken cancellation) => volume.External
        ? throw new ComposeException($"external volume \"{volume.Name}\" not found")
        : work.DoAsync("Volume", volume.Name, "Creating", "Created", () => work.Engine.CreateVolumeAsync(
            new VolumeCreateRequest
            {
                Name = volume.Name,
                Driver = volume.Map.Text("driver"),
                DriverOpts = volume.Map.Map("driver_opts") is null ? null : volume.Map.Pairs("driver_opts"),
                Labels = Labels.Resource(project, Labels.Volume, volume.Key, volume.Map.Pairs("labels")),
            },
            cancellation));
}
