using System.Buffers.Binary;

namespace Slipway.BuildKitApi.Http2;

/// <summary>Kinds of frames (RFC 9113 section 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    Reset = 3,
    Settings = 4,
    Push = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>The head of a frame.</summary>
/// <param name="Length">Bytes that follow.</param>
/// <param name="Type">What it is.</param>
/// <param name="Flags">Depends on the type.</param>
/// <param name="Stream">The stream; 0 for the connection.</param>
internal readonly record struct Frame(int Length, FrameType Type, byte Flags, int Stream)
{
    internal const int HeadSize = 9;

    internal const byte EndStream = 1;
    internal const byte Ack = 1;
    internal const byte EndHeaders = 4;
    internal const byte Padded = 8;
    internal const byte HasPriority = 0x20;

    internal bool Has(byte flag) => (Flags & flag) != 0;

    internal static Frame Read(ReadOnlySpan<byte> head) => new(
        (head[0] << 16) | (head[1] << 8) | head[2], (FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);

    internal void Write(Span<byte> head)
    {
        (head[0], head[1], head[2]) = ((byte)(Length >> 16), (byte)(Length >> 8), (byte)Length);
        (head[3], head[4]) = ((byte)Type, Flags);
        BinaryPrimitives.WriteInt32BigEndian(head[5..], Stream);
    }

    /// <summary>The payload without padding and priority.</summary>
    /// <exception cref="InvalidDataException">It is shorter than these.</exception>
    internal ReadOnlySpan<byte> Content(ReadOnlySpan<byte> payload)
    {
        const int prioritySize = 5;
        var padding = Has(Padded) ? payload.IsEmpty ? throw TooShort() : payload[0] : 0;
        var skipped = (Has(Padded) ? 1 : 0) + (Type == FrameType.Headers && Has(HasPriority) ? prioritySize : 0);
        return skipped + padding <= payload.Length ? payload[skipped..^padding] : throw TooShort();
    }

    private static InvalidDataException TooShort() => new("a frame is cut short");
}
