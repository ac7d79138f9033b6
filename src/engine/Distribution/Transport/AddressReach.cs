using System.Net;
using System.Net.Sockets;

namespace Slipway.Distribution.Transport;

/// <summary>How far inside an address lies; the larger, the more an outsider must not make us call it.</summary>
internal enum AddressReach
{
    /// <summary>Anybody's.</summary>
    Public,

    /// <summary>RFC 1918, RFC 6598, RFC 4193.</summary>
    Private,

    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>Link-local, such as the metadata services of clouds, multicast, and what names no host.</summary>
    Never,
}

/// <summary>Which addresses a registry may send us to: none that lies further inside than itself.</summary>
internal static class AddressReaches
{
    internal static AddressReach Of(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(address))
        {
            return AddressReach.Loopback;
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any) || address.IsIPv6SiteLocal ? AddressReach.Never
                : address.IsIPv6UniqueLocal ? AddressReach.Private
                : AddressReach.Public;
        }

        return address.GetAddressBytes() switch
        {
            [0, ..] or [169, 254, ..] or [>= 224, ..] => AddressReach.Never,
            [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [100, >= 64 and <= 127, ..] => AddressReach.Private,
            _ => AddressReach.Public,
        };
    }

    /// <summary>How far inside a host lies: as far as its furthest address.</summary>
    internal static async Task<AddressReach> OfHostAsync(string host, CancellationToken cancel)
    {
        var name = host.Trim('[', ']');
        try
        {
            var addresses = IPAddress.TryParse(name, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(name, cancel).ConfigureAwait(false);
            return addresses.Length == 0 ? AddressReach.Public : addresses.Max(Of);
        }
        catch (SocketException)
        {
            return AddressReach.Public;
        }
    }
}
