using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Slipway.Linux;

/// <summary>Writes netlink messages one behind the other: header (16 bytes), fixed part, attributes aligned to 4 bytes (netlink(7)).</summary>
internal sealed class NetlinkWriter
{
    internal const int HeaderLength = 16;
    internal const ushort Request = 1;
    internal const ushort Acknowledge = 4;
    internal const ushort Dump = 0x300;
    internal const ushort Replace = 0x100;
    internal const ushort Exclusive = 0x200;
    internal const ushort Create = 0x400;

    private const ushort NestedFlag = 0x8000;

    private byte[] buffer = new byte[1024];
    private int length;
    private int message = -1;

    /// <summary>How many messages were begun.</summary>
    internal int Count { get; private set; }

    /// <summary>Everything written so far; the messages carry no sequence numbers yet.</summary>
    internal Span<byte> Written
    {
        get
        {
            EndMessage();
            return buffer.AsSpan(0, length);
        }
    }

    internal NetlinkWriter Begin(int type, int flags, ReadOnlySpan<byte> fixedPart)
    {
        EndMessage();
        message = length;
        Count++;
        var header = Reserve(HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], (ushort)type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)(flags | Request));
        fixedPart.CopyTo(Reserve(fixedPart.Length));
        return this;
    }

    internal NetlinkWriter Add(int type, ReadOnlySpan<byte> value)
    {
        var attribute = Reserve(4 + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(attribute[2..], (ushort)type);
        value.CopyTo(attribute[4..]);
        return this;
    }

    internal NetlinkWriter Add(int type, byte value) => Add(type, [value]);

    internal NetlinkWriter Add(int type, ushort value) => Add(type, MemoryMarshal.AsBytes([value]));

    internal NetlinkWriter Add(int type, int value) => Add(type, MemoryMarshal.AsBytes([value]));

    internal NetlinkWriter Add(int type, IPAddress value) => Add(type, value.GetAddressBytes());

    /// <summary>A 32-bit number with the highest octet first, as netfilter has them.</summary>
    internal NetlinkWriter AddNetwork(int type, int value) => Add(type, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>A text with a zero behind it.</summary>
    internal NetlinkWriter Add(int type, string value) => Add(type, Encoding.UTF8.GetBytes(value + '\0'));

    /// <summary>An attribute made of attributes that are already written.</summary>
    internal NetlinkWriter AddNested(int type, ReadOnlySpan<byte> content) => Add(type | NestedFlag, content);

    /// <summary>An attribute made of attributes; <paramref name="prefix"/> is a fixed part in front of them.</summary>
    internal NetlinkWriter Nest(int type, Action<NetlinkWriter> content, ReadOnlySpan<byte> prefix = default)
    {
        var start = length;
        Add(prefix.IsEmpty ? type | NestedFlag : type, prefix);
        content(this);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(start), checked((ushort)(length - start)));
        return this;
    }

    private void EndMessage()
    {
        if (message >= 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(message), length - message);
        }
    }

    private Span<byte> Reserve(int size)
    {
        var aligned = (size + 3) & ~3;
        if (length + aligned > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + aligned));
        }

        var room = buffer.AsSpan(length, aligned);
        room.Clear();
        length += aligned;
        return room;
    }
}
