using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks.Addresses;

/// <summary>Arithmetic on addresses and subnets of both families.</summary>
internal static class Cidr
{
    /// <summary>Bits of an address.</summary>
    internal static int Bits(AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>An address as a number.</summary>
    internal static UInt128 Number(IPAddress address)
    {
        Span<byte> raw = stackalloc byte[16];
        address.TryWriteBytes(raw, out var length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(raw) : BinaryPrimitives.ReadUInt128BigEndian(raw);
    }

    /// <summary>A number as an address.</summary>
    internal static IPAddress Address(UInt128 number, AddressFamily family)
    {
        Span<byte> raw = stackalloc byte[16];
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(raw, (uint)number);
            return new IPAddress(raw[..4]);
        }

        BinaryPrimitives.WriteUInt128BigEndian(raw, number);
        return new IPAddress(raw);
    }

    /// <summary>The first and last address of a subnet.</summary>
    internal static (UInt128 First, UInt128 Last) Span(IPNetwork subnet)
    {
        var first = Number(subnet.BaseAddress);
        var host = Bits(subnet.BaseAddress.AddressFamily) - subnet.PrefixLength;
        return (first, first + (host == 128 ? UInt128.MaxValue : (UInt128.One << host) - 1));
    }

    /// <summary>Whether two subnets share an address.</summary>
    internal static bool Overlap(IPNetwork a, IPNetwork b) =>
        a.BaseAddress.AddressFamily == b.BaseAddress.AddressFamily && (a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress));

    /// <summary>Whether the whole of one subnet lies in another.</summary>
    internal static bool Contains(IPNetwork outer, IPNetwork inner) => inner.PrefixLength >= outer.PrefixLength && outer.Contains(inner.BaseAddress);

    /// <summary>Reads "address/prefix"; the address may have host bits, which are given back apart.</summary>
    internal static bool TryParse(string text, out IPAddress address, out IPNetwork subnet)
    {
        (address, subnet) = (IPAddress.None, default);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var parsed) || !int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var prefix)
            || prefix > Bits(parsed.AddressFamily))
        {
            return false;
        }

        (address, subnet) = (parsed, Around(parsed, prefix));
        return true;
    }

    /// <summary>The subnet of that size which contains the address.</summary>
    internal static IPNetwork Around(IPAddress address, int prefix)
    {
        var host = Bits(address.AddressFamily) - prefix;
        var masked = host >= 128 ? UInt128.Zero : Number(address) >> host << host;
        return new IPNetwork(Address(masked, address.AddressFamily), prefix);
    }
}
