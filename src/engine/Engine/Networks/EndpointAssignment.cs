using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Slipway.Linux;

namespace Slipway.Engine.Networks;

/// <summary>Gives an endpoint what it has for one run: addresses, an Ethernet address, the name of the host's end of its cable.</summary>
internal static class EndpointAssignment
{
    /// <summary>Connects an endpoint on paper.</summary>
    /// <param name="network">Its network.</param>
    /// <param name="asked">What was asked for.</param>
    /// <param name="id">The endpoint's id for this run.</param>
    /// <exception cref="EngineException">No address is free, or the one asked for is not. Nothing is taken then.</exception>
    internal static EndpointRecord Assign(Network network, EndpointRecord asked, string id)
    {
        var (record, wishes) = (network.Record, asked.Asked.IPAMConfig);
        var v4 = record.EnableIPv4 ? network.Take(AddressFamily.InterNetwork, Parse(wishes?.IPv4Address), id) : null;
        try
        {
            var v6 = record.EnableIPv6 ? network.Take(AddressFamily.InterNetworkV6, Parse(wishes?.IPv6Address), id) : null;
            return asked with
            {
                NetworkId = record.Id,
                EndpointId = id,
                IPv4 = v4?.Address.ToString() ?? "",
                PrefixLength4 = v4?.PrefixLength ?? 0,
                Gateway4 = record.Internal ? "" : v4?.Gateway?.ToString() ?? "",
                IPv6 = v6?.Address.ToString() ?? "",
                PrefixLength6 = v6?.PrefixLength ?? 0,
                Gateway6 = record.Internal ? "" : v6?.Gateway?.ToString() ?? "",
                Mac = record.Driver == "ipvlan" ? "" : Mac(asked, v4?.Address),
                Link = record.Driver == "bridge" ? "veth" + id[..7] : "",
            };
        }
        catch when (v4 is not null)
        {
            network.Give(v4.Address, id);
            throw;
        }
    }

    // Made from the address, so that neighbours that remember an address are right about the next one who has it, too.
    private static string Mac(EndpointRecord asked, IPAddress? address)
    {
        if (asked.Asked.MacAddress.Length > 0)
        {
            return asked.Asked.MacAddress;
        }

        Span<byte> raw = [0x02, 0x42, 0, 0, 0, 0];
        RandomNumberGenerator.Fill(raw[2..]);
        return (address is null ? MacAddress.FromBytes(raw) : MacAddress.FromIPv4(address)).ToString();
    }

    private static IPAddress? Parse(string? text) => string.IsNullOrEmpty(text) ? null : IPAddress.Parse(text);
}
