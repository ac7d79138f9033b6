using System.Net;
using System.Net.NetworkInformation;

namespace Slipway.Distribution;

/// <summary>The registry that is part of this engine: what both have need not travel.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Tls">Whether with TLS.</param>
/// <param name="Header">The header in which the engine proves itself.</param>
/// <param name="Key">What it proves itself with; only the registry itself learns it.</param>
public sealed record OwnRegistry(IPEndPoint Address, bool Tls, string Header, string Key)
{
    /// <summary>Whether a registry's name means this one: a loopback address, or the one it listens on, with its port.</summary>
    internal bool Is(string domain)
    {
        var colon = domain.LastIndexOf(':');
        if (colon < 0 || domain[(colon + 1)..] != Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            return false;
        }

        var host = domain[..colon].Trim('[', ']');
        var any = Address.Address.Equals(IPAddress.Any) || Address.Address.Equals(IPAddress.IPv6Any);
        return host == "localhost" ? any || Address.Address.Equals(IPAddress.Loopback)
            : IPAddress.TryParse(host, out var named) && (named.Equals(Address.Address) || (any && (IPAddress.IsLoopback(named) || IsOurs(named))));
    }

    private static bool IsOurs(IPAddress address) =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses).Any(unicast => unicast.Address.Equals(address));

    /// <summary>The address to connect to: never a name that could lead elsewhere.</summary>
    public Uri Base
    {
        get
        {
            var address = Address.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : Address.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : Address.Address;
            return new Uri($"{(Tls ? "https" : "http")}://{new IPEndPoint(address, Address.Port)}/v2/");
        }
    }
}
