using System.Net;
using System.Net.Sockets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Sources;

/// <summary>Keeps addresses that users name away from this machine and its networks. The address that was checked is the one that is called.</summary>
internal static class UrlGuard
{
    private static readonly IPNetwork[] s_inside =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("224.0.0.0/3"),
        IPNetwork.Parse("::/127"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("2002::/16"),
    ];

    /// <summary>Whether an address is of this machine, a private network, or none that one host has.</summary>
    internal static bool IsInside(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return s_inside.Any(network => network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain));
    }

    /// <summary>Whether a repository may be called, and at which addresses; none when every address is allowed.</summary>
    /// <exception cref="PlatformException">It may not.</exception>
    internal static async Task<IReadOnlyList<IPAddress>> AdmitAsync(GitUrl url, ServerOptions options, CancellationToken cancellation) =>
        options.AllowLocalSources ? []
        : url.IsLocal ? throw new PlatformException(Refusal.Forbidden, $"sources over {url.Scheme} are not allowed here")
        : await ResolveAsync(url.Host, options, cancellation).ConfigureAwait(false);

    /// <summary>Looks a host up.</summary>
    /// <returns>Its addresses, all of them outside.</returns>
    /// <exception cref="PlatformException">There are none, or any of them is inside.</exception>
    internal static async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, ServerOptions options, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new PlatformException(Refusal.Unavailable, $"cannot find the host {host}", e);
        }

        return addresses.Length > 0 && !addresses.Any(address => IsInside(address) && !options.AllowedNetworks.Any(network => network.Contains(address)))
            ? addresses
            : throw new PlatformException(Refusal.Forbidden, $"the host {host} is on an inside network; sources there are not allowed");
    }
}
