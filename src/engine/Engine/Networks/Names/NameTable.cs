using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Networks.Names;

/// <summary>Who is called what in which network, while it runs.</summary>
internal sealed class NameTable
{
    private readonly record struct Entry(string ContainerId, string MainName, IReadOnlyList<IPAddress> Addresses);

    private readonly Dictionary<string, NetworkNames> _networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContainerView> _views = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _turn;

    /// <summary>Makes a container known in its user-defined networks under all its names, in place of what was known of it.</summary>
    internal void Publish(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints)
    {
        lock (_lock)
        {
            WithdrawLocked(record.Id);
            var named = endpoints.Where(endpoint => endpoint.IsConnected && endpoint.Network != BuiltInNetworks.Bridge).ToList();
            if (named.Count == 0)
            {
                return;
            }

            _views[record.Id] = new ContainerView([.. named.Select(endpoint => endpoint.NetworkId)], Links(record, named));
            foreach (var endpoint in named)
            {
                if (!_networks.TryGetValue(endpoint.NetworkId, out var network))
                {
                    _networks[endpoint.NetworkId] = network = new NetworkNames(endpoint.Network.ToLowerInvariant());
                }

                network.Add(new Entry(record.Id, record.Name, [.. endpoint.Addresses]), ContainerNetworks.Names(record, endpoint));
            }
        }
    }

    /// <summary>Forgets a container.</summary>
    internal void Withdraw(string containerId)
    {
        lock (_lock)
        {
            WithdrawLocked(containerId);
        }
    }

    /// <summary>The addresses of a name as a container sees it, another one first each time; null when it knows no such name.</summary>
    internal IReadOnlyList<IPAddress>? Find(string containerId, string name, AddressFamily family)
    {
        lock (_lock)
        {
            if (!_views.TryGetValue(containerId, out var view))
            {
                return null;
            }

            name = view.Links.GetValueOrDefault(name, name);
            foreach (var network in view.Networks.Select(id => _networks.GetValueOrDefault(id)).OfType<NetworkNames>())
            {
                if (network.Find(name) is { } entries)
                {
                    var addresses = entries.SelectMany(entry => entry.Addresses).Where(address => address.AddressFamily == family).ToList();
                    var first = addresses.Count > 1 ? (_turn++ & int.MaxValue) % addresses.Count : 0;
                    return [.. addresses.Skip(first), .. addresses.Take(first)];
                }
            }

            return null;
        }
    }

    /// <summary>The full name of an address in one of a container's networks; null when nobody there has it.</summary>
    internal string? Find(string containerId, IPAddress address)
    {
        lock (_lock)
        {
            return _views.TryGetValue(containerId, out var view)
                ? view.Networks.Select(id => _networks.GetValueOrDefault(id)?.Find(address)).FirstOrDefault(name => name is not null)
                : null;
        }
    }

    // "other" or "other:alias".
    private static Dictionary<string, string> Links(ContainerRecord record, IEnumerable<EndpointRecord> endpoints)
    {
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var link in endpoints.SelectMany(endpoint => endpoint.Asked.Links ?? []))
        {
            var parts = link.Split(':', 2);
            links[parts[^1].ToLowerInvariant()] = parts[0].TrimStart('/').ToLowerInvariant();
        }

        return links;
    }

    private void WithdrawLocked(string containerId)
    {
        if (!_views.Remove(containerId, out var view))
        {
            return;
        }

        foreach (var id in view.Networks)
        {
            if (_networks.TryGetValue(id, out var network) && network.Remove(containerId))
            {
                _networks.Remove(id);
            }
        }
    }

    private sealed record ContainerView(IReadOnlyList<string> Networks, Dictionary<string, string> Links);

    private sealed class NetworkNames(string networkName)
    {
        private readonly Dictionary<string, List<Entry>> _names = new(StringComparer.Ordinal);
        private readonly Dictionary<IPAddress, Entry> _addresses = [];

        internal void Add(Entry entry, IEnumerable<string> names)
        {
            foreach (var name in names.Select(name => name.ToLowerInvariant()).Distinct())
            {
                if (!_names.TryGetValue(name, out var entries))
                {
                    _names[name] = entries = [];
                }

                entries.Add(entry);
            }

            foreach (var address in entry.Addresses)
            {
                _addresses[address] = entry;
            }
        }

        // A name may be followed by the network's.
        internal List<Entry>? Find(string name) => _names.GetValueOrDefault(name)
            ?? (name.Length > networkName.Length + 1 && name.EndsWith("." + networkName, StringComparison.Ordinal) ? _names.GetValueOrDefault(name[..^(networkName.Length + 1)]) : null);

        internal string? Find(IPAddress address) => _addresses.TryGetValue(address, out var entry) ? $"{entry.MainName}.{networkName}" : null;

        // True when nobody is left.
        internal bool Remove(string containerId)
        {
            foreach (var (name, entries) in _names.ToList())
            {
                entries.RemoveAll(entry => entry.ContainerId == containerId);
                if (entries.Count == 0)
                {
                    _names.Remove(name);
                }
            }

            foreach (var address in _addresses.Where(pair => pair.Value.ContainerId == containerId).Select(pair => pair.Key).ToList())
            {
                _addresses.Remove(address);
            }

            return _names.Count == 0;
        }
    }
}
