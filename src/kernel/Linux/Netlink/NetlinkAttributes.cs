using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Slipway.Linux;

/// <summary>Walks over the attributes in a part of a netlink message. What does not fit ends the walk.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> content)
{
    private const int TypeMask = 0x3fff;
    private ReadOnlySpan<byte> rest = content;

    internal int Type { get; private set; }

    internal ReadOnlySpan<byte> Value { get; private set; }

    internal readonly NetlinkAttributes Nested => new(Value);

    internal readonly byte Byte => Value.IsEmpty ? (byte)0 : Value[0];

    internal readonly int Number => Value.Length < 4 ? 0 : MemoryMarshal.Read<int>(Value);

    internal readonly uint NetworkNumber => Value.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(Value);

    internal readonly string Text => Encoding.UTF8.GetString(Value[..(Value.IndexOf((byte)0) is var end and >= 0 ? end : Value.Length)]);

    internal bool Next()
    {
        if (rest.Length < 4)
        {
            return false;
        }

        int size = MemoryMarshal.Read<ushort>(rest);
        if (size < 4 || size > rest.Length)
        {
            return false;
        }

        Type = MemoryMarshal.Read<ushort>(rest[2..]) & TypeMask;
        Value = rest[4..size];
        rest = rest[Math.Min(rest.Length, (size + 3) & ~3)..];
        return true;
    }

    /// <summary>Goes on to the attribute of that type; false when none is left.</summary>
    internal bool Find(int type)
    {
        while (Next())
        {
            if (Type == type)
            {
                return true;
            }
        }

        return false;
    }
}
