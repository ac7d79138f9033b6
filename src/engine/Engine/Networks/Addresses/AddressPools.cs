using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks.Addresses;

/// <summary>Where subnets of networks that ask for none come from (<c>--default-address-pool</c>).</summary>
/// <param name="Base">The whole.</param>
/// <param name="Size">Prefix length of each subnet.</param>
public readonly record struct AddressPool(IPNetwork Base, int Size)
{
    /// <summary>Docker's pools.</summary>
    public static IReadOnlyList<AddressPool> Defaults { get; } =
    [
        .. Enumerable.Range(17, 15).Select(second => new AddressPool(IPNetwork.Parse($"172.{second}.0.0/16"), 16)),
        new(IPNetwork.Parse("192.168.0.0/16"), 20),
    ];
}

/// <summary>Chooses subnets.</summary>
internal sealed class AddressPools(IReadOnlyList<AddressPool> pools)
{
    private const int LargestSearch = 65536;

    /// <summary>The first subnet of a family that overlaps nothing in use.</summary>
    /// <exception cref="EngineException">All are in use.</exception>
    internal IPNetwork Choose(AddressFamily family, IReadOnlyCollection<IPNetwork> used)
    {
        var candidates = pools.Where(pool => pool.Base.BaseAddress.AddressFamily == family).ToList();
        if (family == AddressFamily.InterNetworkV6 && candidates.Count == 0)
        {
            candidates.Add(UniqueLocal.Pool);
        }

        foreach (var pool in candidates)
        {
            if (FirstFree(pool, used) is { } free)
            {
                return free;
            }
        }

        throw EngineException.Invalid("all predefined address pools have been fully subnetted");
    }

    private static IPNetwork? FirstFree(AddressPool pool, IReadOnlyCollection<IPNetwork> used)
    {
        var family = pool.Base.BaseAddress.AddressFamily;
        var step = UInt128.One << (Cidr.Bits(family) - pool.Size);
        var (first, last) = Cidr.Span(pool.Base);
        for (var (at, tries) = (first, 0); at <= last && tries < LargestSearch; tries++)
        {
            var candidate = new IPNetwork(Cidr.Address(at, family), pool.Size);
            if (!used.Any(other => Cidr.Overlap(candidate, other)))
            {
                return candidate;
            }

            if (last - at < step)
            {
                break;
            }

            at += step;
        }

        return null;
    }
}

/// <summary>This machine's own range of IPv6 addresses (RFC 4193), always the same one here and another one elsewhere.</summary>
internal static class UniqueLocal
{
    private static readonly Lazy<AddressPool> Own = new(() =>
    {
        var seed = File.Exists("/etc/machine-id") ? File.ReadAllText("/etc/machine-id") : Environment.MachineName;
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("slipway " + seed));
        var raw = new byte[16];
        raw[0] = 0xfd;
        hash.AsSpan(0, 5).CopyTo(raw.AsSpan(1));
        return new AddressPool(new IPNetwork(new IPAddress(raw), 48), 64);
    });

    internal static AddressPool Pool => Own.Value;
}
