using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Networks;

/// <summary>Compares the links that the kernel has with those that there should be, at the daemon's start, and makes them equal.</summary>
internal sealed class LinkRepair(NetworkTable table, HostNetworks host, ContainerNetworking networking, ILogger log)
{
    /// <summary>
    /// Removes bridges of networks that do not exist, and cables of no container: a daemon that died had made them and not yet told anybody.
    /// Run it before the first request.
    /// </summary>
    /// <param name="running">Containers that were taken over.</param>
    internal void RemoveStrays(IReadOnlyCollection<Container> running)
    {
        try
        {
            var links = host.Links.Host.ListLinks();
            var wanted = table.All.Select(network => network.Record.Link).ToHashSet();
            var cables = running.SelectMany(container => container.Record.Endpoints).Select(endpoint => endpoint.Link).ToHashSet();
            var own = links.Where(host.Links.IsOwn).ToList();
            var bridges = own.Where(link => link.Kind == "bridge").Select(link => link.Index).ToHashSet();
            var strays = links.Where(link => link.Kind == "veth" && bridges.Contains(link.Master) && !cables.Contains(link.Name))
                .Concat(own.Where(link => !wanted.Contains(link.Name) && link.Name != host.DefaultLink));
            foreach (var stray in strays)
            {
                log.LogInformation("removing link {Name}: no network or container has it", stray.Name);
                host.Links.Host.Apply(new RouteBatch().DeleteLink(stray.Index));
            }
        }
        catch (LinuxException e)
        {
            log.LogWarning("links left by an earlier daemon cannot be removed: {Reason}", e.Message);
        }
    }

    /// <summary>Plugs containers in again whose bridge or cable was taken away while nobody looked.</summary>
    /// <param name="running">Containers that were taken over.</param>
    internal async Task ReconnectAsync(IReadOnlyCollection<Container> running)
    {
        var links = host.Links.Host.ListLinks().ToDictionary(link => link.Name);
        foreach (var container in running)
        {
            foreach (var endpoint in container.Record.Endpoints.Where(endpoint => endpoint.Link.Length > 0))
            {
                if (table.Find(endpoint.NetworkId) is not { } network)
                {
                    continue;
                }

                host.Ensure(network);
                if (links.GetValueOrDefault(endpoint.Link) is not { Up: true } link || link.Master != network.LinkIndex)
                {
                    await ReconnectAsync(container, network, endpoint, links.ContainsKey(endpoint.Link)).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task ReconnectAsync(Container container, Network network, EndpointRecord endpoint, bool hasCable)
    {
        await container.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (container.Task is not { Process.HasExited: false } || !container.Record.Endpoints.Contains(endpoint))
            {
                return;
            }

            log.LogWarning("container {Id} is plugged into network {Name} again", container.Id, network.Record.Name);
            if (hasCable)
            {
                host.Links.Host.Apply(new RouteBatch().SetMaster(endpoint.Link, network.LinkIndex).SetUp(endpoint.Link));
            }
            else
            {
                networking.Reconnect(container, network, endpoint);
            }
        }
        catch (LinuxException e)
        {
            log.LogWarning("container {Id}: cannot be plugged into network {Name} again: {Reason}", container.Id, network.Record.Name, e.Message);
        }
        finally
        {
            container.Gate.Release();
        }
    }
}
