using System.Net;
using System.Net.Sockets;
using Slipway.DockerApi;

namespace Slipway.Engine.Networks.Addresses;

/// <summary>An address given to an endpoint.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">How many of its bits name the subnet.</param>
/// <param name="Gateway">The router of the subnet, or null.</param>
internal sealed record AssignedAddress(IPAddress Address, int PrefixLength, IPAddress? Gateway);

/// <summary>
/// The addresses of one pool. Which are in use is known from the records of containers that run, so nothing of it is stored. The lowest free
/// one is given, and an address is given back only by the endpoint that has it.
/// </summary>
internal sealed class AddressBlock
{
    /// <summary>Name of the auxiliary address that containers have as their router, as in Docker.</summary>
    internal const string RouterIPv4 = "DefaultGatewayIPv4";

    /// <summary>Likewise for IPv6.</summary>
    internal const string RouterIPv6 = "DefaultGatewayIPv6";

    private readonly Dictionary<UInt128, string> _used = [];
    private readonly Lock _lock = new();
    private readonly UInt128 _first;
    private readonly UInt128 _last;
    private UInt128 _lowest;

    private AddressBlock(IPNetwork subnet, IPNetwork range, IPAddress? gateway, IEnumerable<IPAddress> others)
    {
        (Subnet, Gateway) = (subnet, gateway);
        (_first, _last) = Cidr.Span(range);
        _lowest = _first;
        var (network, broadcast) = Cidr.Span(subnet);
        if (subnet.PrefixLength < Cidr.Bits(subnet.BaseAddress.AddressFamily) - 1)
        {
            _used.TryAdd(network, "");
            if (subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork)
            {
                _used.TryAdd(broadcast, "");
            }
        }

        foreach (var address in others)
        {
            _used.TryAdd(Cidr.Number(address), "");
        }

        if (gateway is not null)
        {
            _used.TryAdd(Cidr.Number(gateway), "");
        }
    }

    /// <summary>The subnet.</summary>
    internal IPNetwork Subnet { get; }

    /// <summary>The address of the network's own link, or null.</summary>
    internal IPAddress? Gateway { get; }

    /// <summary>Where containers send what leads out when that is another machine than this one; else null.</summary>
    internal IPAddress? Router { get; private init; }

    /// <summary>The block of a complete pool.</summary>
    internal static AddressBlock Of(IpamConfig pool)
    {
        Cidr.TryParse(pool.Subnet ?? "", out _, out var subnet);
        var range = Cidr.TryParse(pool.IPRange ?? "", out _, out var part) ? part : subnet;
        var gateway = IPAddress.TryParse(pool.Gateway, out var parsed) ? parsed : null;
        var others = pool.AuxiliaryAddresses?.Values.Select(IPAddress.Parse) ?? [];
        var router = pool.AuxiliaryAddresses?.GetValueOrDefault(subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? RouterIPv4 : RouterIPv6);
        return new AddressBlock(subnet, range, gateway, others) { Router = IPAddress.TryParse(router, out var other) ? other : null };
    }

    /// <summary>The address with what belongs to it.</summary>
    internal AssignedAddress Assigned(IPAddress address) => new(address, Subnet.PrefixLength, Router ?? Gateway);

    /// <summary>Takes the lowest free address; null when there is none.</summary>
    internal IPAddress? TryTake(string owner)
    {
        lock (_lock)
        {
            for (; _lowest <= _last; _lowest++)
            {
                if (_used.TryAdd(_lowest, owner))
                {
                    return Cidr.Address(_lowest++, Subnet.BaseAddress.AddressFamily);
                }

                if (_lowest == UInt128.MaxValue)
                {
                    break;
                }
            }

            return null;
        }
    }

    /// <summary>Takes this address, inside the subnet but not necessarily inside the range; false when it is in use.</summary>
    internal bool TryTake(IPAddress address, string owner)
    {
        lock (_lock)
        {
            return _used.TryAdd(Cidr.Number(address), owner);
        }
    }

    /// <summary>Gives an address back; nothing happens when it is another's.</summary>
    internal void Give(IPAddress address, string owner)
    {
        var number = Cidr.Number(address);
        lock (_lock)
        {
            if (_used.GetValueOrDefault(number) == owner)
            {
                _used.Remove(number);
                _lowest = number >= _first && number < _lowest ? number : _lowest;
            }
        }
    }
}
