using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Slipway.Engine.Networks.Names;

/// <summary>Types of records (RFC 1035, RFC 3596).</summary>
internal enum DnsType
{
    /// <summary>IPv4 address.</summary>
    A = 1,

    /// <summary>Name of an address.</summary>
    Ptr = 12,

    /// <summary>IPv6 address.</summary>
    Aaaa = 28,
}

/// <summary>What a query asks.</summary>
/// <param name="Name">The name in lower case, without the last dot.</param>
/// <param name="Type">The type of record.</param>
/// <param name="End">Where the question ends in the message.</param>
internal readonly record struct DnsQuestion(string Name, DnsType Type, int End);

/// <summary>Reads queries and writes answers in the wire format of RFC 1035. Everything read comes from programs that nobody trusts.</summary>
internal static class DnsMessage
{
    /// <summary>Length of the fixed part.</summary>
    internal const int Header = 12;

    /// <summary>Largest answer over UDP to a program that does not say more.</summary>
    internal const int SmallestLimit = 512;

    private const int Internet = 1;
    private const int LargestName = 255;
    private const int LargestLabel = 63;
    private const uint TimeToLive = 600;

    /// <summary>The number that an answer repeats.</summary>
    internal static ushort Id(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message);

    /// <summary>Reads the one question of a plain query; null when the message is anything else.</summary>
    internal static DnsQuestion? Question(ReadOnlySpan<byte> message)
    {
        // Response bit and operation code are 0 in a plain query.
        if (message.Length < Header || (message[2] & 0xf8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return null;
        }

        var name = new StringBuilder();
        var position = Header;
        while (true)
        {
            if (position >= message.Length)
            {
                return null;
            }

            int length = message[position++];
            if (length == 0)
            {
                break;
            }

            if (length > LargestLabel || position + length > message.Length || name.Length + length > LargestName)
            {
                return null;
            }

            if (name.Length > 0)
            {
                name.Append('.');
            }

            foreach (var letter in message.Slice(position, length))
            {
                name.Append(char.ToLowerInvariant((char)letter));
            }

            position += length;
        }

        if (position + 4 > message.Length || BinaryPrimitives.ReadUInt16BigEndian(message[(position + 2)..]) != Internet)
        {
            return null;
        }

        return new DnsQuestion(name.ToString(), (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[position..]), position + 4);
    }

    /// <summary>An answer with these addresses; as many as fit.</summary>
    internal static byte[] Addresses(ReadOnlySpan<byte> query, DnsQuestion question, IReadOnlyList<IPAddress> addresses, int limit)
    {
        var size = addresses.Count == 0 || addresses[0].AddressFamily == AddressFamily.InterNetwork ? 16 : 28;
        var fit = Math.Min(addresses.Count, (limit - question.End) / size);
        var answer = Begin(query, question, 0, fit, question.End + (fit * size), truncated: fit < addresses.Count);
        var rest = answer.AsSpan(question.End);
        foreach (var address in addresses.Take(fit))
        {
            rest = Record(rest, question.Type, size - 12);
            address.TryWriteBytes(rest, out var written);
            rest = rest[written..];
        }

        return answer;
    }

    /// <summary>An answer with the name of an address.</summary>
    internal static byte[] Pointer(ReadOnlySpan<byte> query, DnsQuestion question, string name)
    {
        var data = new List<byte>();
        foreach (var label in name.Split('.').Where(label => label.Length is > 0 and <= LargestLabel))
        {
            data.Add((byte)label.Length);
            data.AddRange(Encoding.ASCII.GetBytes(label));
        }

        data.Add(0);
        var answer = Begin(query, question, 0, 1, question.End + 12 + data.Count, truncated: false);
        data.ToArray().CopyTo(Record(answer.AsSpan(question.End), DnsType.Ptr, data.Count));
        return answer;
    }

    /// <summary>An answer without records.</summary>
    /// <param name="query">The query.</param>
    /// <param name="question">Its question.</param>
    /// <param name="code">0 for none of that type, 2 when nobody could be asked, 3 when there is no such name.</param>
    internal static byte[] Empty(ReadOnlySpan<byte> query, DnsQuestion question, byte code) => Begin(query, question, code, 0, question.End, truncated: false);

    /// <summary>The address that a reverse name stands for; null for other names.</summary>
    internal static IPAddress? ReverseAddress(string name)
    {
        var parts = name.Split('.');
        if (name.EndsWith(".in-addr.arpa", StringComparison.Ordinal) && parts.Length == 6)
        {
            return IPAddress.TryParse(string.Join('.', parts.Take(4).Reverse()), out var v4) ? v4 : null;
        }

        if (!name.EndsWith(".ip6.arpa", StringComparison.Ordinal) || parts.Length != 34)
        {
            return null;
        }

        var digits = string.Concat(parts.Take(32).Reverse());
        return digits.Length == 32 && digits.All(char.IsAsciiHexDigit) ? new IPAddress(Convert.FromHexString(digits)) : null;
    }

    private static byte[] Begin(ReadOnlySpan<byte> query, DnsQuestion question, byte code, int answers, int length, bool truncated)
    {
        var answer = new byte[length];
        query[..question.End].CopyTo(answer);
        // A response, recursion available; authoritative and the rest are 0. The query's wish for recursion is repeated.
        answer[2] = (byte)(0x80 | (query[2] & 0x01) | (truncated ? 0x02 : 0));
        answer[3] = (byte)(0x80 | code);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)answers);
        answer.AsSpan(8, 4).Clear();
        return answer;
    }

    // Name (a pointer to the question's), type, class, time to live, length of the data.
    private static Span<byte> Record(Span<byte> at, DnsType type, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(at, 0xc000 | Header);
        BinaryPrimitives.WriteUInt16BigEndian(at[2..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(at[4..], Internet);
        BinaryPrimitives.WriteUInt32BigEndian(at[6..], TimeToLive);
        BinaryPrimitives.WriteUInt16BigEndian(at[10..], (ushort)length);
        return at[12..];
    }
}
