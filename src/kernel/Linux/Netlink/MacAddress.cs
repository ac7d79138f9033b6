using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Linux;

/// <summary>A 48-bit Ethernet address; the first octet on the wire is the highest.</summary>
/// <param name="Value">The address in its low 48 bits.</param>
public readonly record struct MacAddress(ulong Value)
{
    private const int Length = 6;

    /// <summary>Docker's address for an IPv4 address: 02:42 (locally administered) and its four octets.</summary>
    /// <exception cref="ArgumentException">The address is not IPv4.</exception>
    public static MacAddress FromIPv4(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            throw new ArgumentException("an IPv4 address is needed", nameof(address));
        }

        Span<byte> raw = [0x02, 0x42, 0, 0, 0, 0];
        address.TryWriteBytes(raw[2..], out _);
        return FromBytes(raw);
    }

    /// <summary>Six octets in the order of the wire.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> raw)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(raw.Length, Length);
        var value = 0UL;
        foreach (var octet in raw)
        {
            value = (value << 8) | octet;
        }

        return new MacAddress(value);
    }

    /// <summary>Reads six pairs of hexadecimal digits with colons or hyphens between them.</summary>
    public static bool TryParse(string? text, out MacAddress address)
    {
        address = default;
        var parts = text?.Split(text.Contains('-', StringComparison.Ordinal) ? '-' : ':') ?? [];
        var value = 0UL;
        foreach (var part in parts)
        {
            if (part.Length != 2 || !byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        address = new MacAddress(value);
        return parts.Length == Length;
    }

    /// <summary>The six octets in the order of the wire.</summary>
    public byte[] ToBytes()
    {
        var raw = new byte[Length];
        for (var i = 0; i < Length; i++)
        {
            raw[i] = (byte)(Value >> (8 * (Length - 1 - i)));
        }

        return raw;
    }

    /// <summary>Six pairs of small hexadecimal digits with colons between them.</summary>
    public override string ToString() => string.Join(':', ToBytes().Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
