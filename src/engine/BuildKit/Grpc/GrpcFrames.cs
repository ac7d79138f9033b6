using System.Buffers.Binary;
using Google.Protobuf;

namespace Slipway.BuildKit.Grpc;

/// <summary>gRPC's framing: a zero byte (not compressed), four bytes of length, a message.</summary>
internal static class GrpcFrames
{
    /// <summary>No message of the protocol is larger in good faith: files come in pieces of 32 KiB.</summary>
    internal const int MostBytes = 16 << 20;

    private const int HeaderSize = 5;

    /// <summary>A message with its header.</summary>
    internal static byte[] Encode(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderSize + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    /// <exception cref="GrpcException">It is too large, compressed, cut short or no message of this kind.</exception>
    internal static async ValueTask<T?> ReadAsync<T>(Stream stream, MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        var header = new byte[HeaderSize];
        var read = await stream.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        if (read == 0)
        {
            return null;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (read < HeaderSize || header[0] != 0 || size > MostBytes)
        {
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"cannot read a message of {size} bytes");
        }

        var body = new byte[size];
        try
        {
            await stream.ReadExactlyAsync(body, cancel).ConfigureAwait(false);
            return parser.ParseFrom(body);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidProtocolBufferException)
        {
            throw new GrpcException(GrpcStatus.Internal, $"cannot read a message: {e.Message}", e);
        }
    }
}
