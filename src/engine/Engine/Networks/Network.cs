using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Networks.Addresses;

namespace Slipway.Engine.Networks;

/// <summary>A network: its record, the endpoints in it, and which addresses are in use.</summary>
public sealed class Network
{
    private readonly List<AddressBlock> _blocks;
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private bool _closed;

    internal Network(NetworkRecord record)
    {
        Record = record;
        _blocks = [.. record.Pools.Select(AddressBlock.Of)];
    }

    /// <summary>The record; a network never changes.</summary>
    public NetworkRecord Record { get; }

    /// <summary>Number of its link in the host's namespace; 0 until the link was seen.</summary>
    internal int LinkIndex { get; set; }

    /// <summary>The subnets of its pools.</summary>
    internal IEnumerable<IPNetwork> Subnets => _blocks.Select(block => block.Subnet);

    /// <summary>Counts an endpoint in; false when the network has been removed.</summary>
    internal bool TryJoin(string endpointId)
    {
        lock (_lock)
        {
            return !_closed && _members.Add(endpointId);
        }
    }

    /// <summary>Counts an endpoint out; nothing happens when it was not in, as after a restart of the machine.</summary>
    internal void Leave(string endpointId)
    {
        lock (_lock)
        {
            _members.Remove(endpointId);
        }
    }

    /// <summary>Lets nobody join any more; false when somebody is there.</summary>
    internal bool TryClose()
    {
        lock (_lock)
        {
            return _closed = _members.Count == 0;
        }
    }

    /// <summary>Takes an address of a family; null when the network has none of that family.</summary>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="wanted">The address asked for, or null for any.</param>
    /// <param name="owner">The endpoint's id.</param>
    /// <exception cref="EngineException">No address is left, or the one asked for is in use or outside every subnet.</exception>
    internal AssignedAddress? Take(AddressFamily family, IPAddress? wanted, string owner)
    {
        var blocks = _blocks.Where(block => block.Subnet.BaseAddress.AddressFamily == family).ToList();
        if (wanted is not null)
        {
            var home = blocks.Find(block => block.Subnet.Contains(wanted))
                ?? throw EngineException.Invalid($"invalid address {wanted}: It does not belong to any of this network's subnets");
            return home.TryTake(wanted, owner) ? home.Assigned(wanted) : throw EngineException.Conflict("Address already in use");
        }

        foreach (var block in blocks)
        {
            if (block.TryTake(owner) is { } address)
            {
                return block.Assigned(address);
            }
        }

        return blocks.Count == 0 ? null : throw new EngineException(ErrorKind.Conflict, $"no available IPv{(family == AddressFamily.InterNetwork ? 4 : 6)} addresses on this network's address pools: {Record.Name} ({Record.Id})");
    }

    /// <summary>Notes that an address is in use, as by a container that ran before.</summary>
    internal void Keep(IPAddress address, string owner) => _blocks.Find(block => block.Subnet.Contains(address))?.TryTake(address, owner);

    /// <summary>Gives an address back.</summary>
    internal void Give(IPAddress address, string owner) => _blocks.Find(block => block.Subnet.Contains(address))?.Give(address, owner);
}
