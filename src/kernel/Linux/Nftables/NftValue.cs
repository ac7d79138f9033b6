using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Slipway.Linux;

/// <summary>
/// A key or value of a set or map in the kernel's form: parts in the order of the set's type, each filled up to a multiple of 4 bytes when
/// there are several.
/// </summary>
public readonly struct NftValue : IEquatable<NftValue>
{
    private const int InterfaceNameLength = 16;
    private readonly byte[]? raw;

    private NftValue(byte[] raw) => this.raw = raw;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => raw;

    /// <summary>ipv4_addr or ipv6_addr.</summary>
    public static NftValue Address(IPAddress address) => new(address.GetAddressBytes());

    /// <summary>inet_service: a port from 0 to 65535.</summary>
    public static NftValue Port(int port)
    {
        var raw = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(raw, checked((ushort)port));
        return new NftValue(raw);
    }

    /// <summary>inet_proto: 6 for TCP, 17 for UDP, 132 for SCTP.</summary>
    public static NftValue Protocol(int number) => new([checked((byte)number)]);

    /// <summary>ifname: at most 15 bytes.</summary>
    public static NftValue Interface(string name)
    {
        var raw = new byte[InterfaceNameLength];
        Encoding.UTF8.GetBytes(name, raw.AsSpan(0, InterfaceNameLength - 1));
        return new NftValue(raw);
    }

    /// <summary>mark: a number of 32 bits in the machine's order.</summary>
    public static NftValue Mark(uint mark) => new(BitConverter.GetBytes(mark));

    /// <summary>Several parts ("a . b . c").</summary>
    public static NftValue Join(params ReadOnlySpan<NftValue> parts)
    {
        var size = 0;
        foreach (var part in parts)
        {
            size += Aligned(part);
        }

        var raw = new byte[size];
        var position = 0;
        foreach (var part in parts)
        {
            part.Bytes.CopyTo(raw.AsSpan(position));
            position += Aligned(part);
        }

        return new NftValue(raw);
    }

    /// <summary>Bytes as the kernel returned them.</summary>
    internal static NftValue FromKernel(ReadOnlySpan<byte> raw) => new(raw.ToArray());

    /// <inheritdoc/>
    public bool Equals(NftValue other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NftValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The bytes in hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);

    /// <summary>The same bytes.</summary>
    public static bool operator ==(NftValue left, NftValue right) => left.Equals(right);

    /// <summary>Other bytes.</summary>
    public static bool operator !=(NftValue left, NftValue right) => !left.Equals(right);

    private static int Aligned(NftValue part) => (part.Bytes.Length + 3) & ~3;
}

/// <summary>What a verdict map does with a packet.</summary>
/// <param name="Code">0 drop, 1 accept, -3 jump, -4 goto, -5 return (linux/netfilter/nf_tables.h).</param>
/// <param name="Chain">The chain of a jump or goto.</param>
public sealed record NftVerdict(int Code, string? Chain)
{
    /// <summary>drop</summary>
    public static NftVerdict Drop { get; } = new(0, null);

    /// <summary>accept</summary>
    public static NftVerdict Accept { get; } = new(1, null);

    /// <summary>return</summary>
    public static NftVerdict Return { get; } = new(-5, null);

    /// <summary>jump CHAIN</summary>
    public static NftVerdict Jump(string chain) => new(-3, chain);

    /// <summary>goto CHAIN</summary>
    public static NftVerdict Goto(string chain) => new(-4, chain);
}

/// <summary>One entry of a set (key alone), a map (key and value) or a verdict map (key and verdict). Intervals are not covered.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value of a map.</param>
/// <param name="Verdict">The verdict of a verdict map.</param>
public sealed record NftElement(NftValue Key, NftValue? Value = null, NftVerdict? Verdict = null);
