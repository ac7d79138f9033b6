using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Slipway.BuildKitApi.Grpc;

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

    /// <summary>The next message; null at the end of the input.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="parser">Reads messages of the kind.</param>
    /// <param name="consumed">Is told how many bytes were read.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="GrpcException">It is too large, compressed, cut short or no message of this kind.</exception>
    internal static async ValueTask<T?> ReadAsync<T>(PipeReader input, MessageParser<T> parser, Action<long> consumed, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        var (wanted, told) = (HeaderSize, 0L);
        while (true)
        {
            var result = await input.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.Length >= HeaderSize)
            {
                wanted = HeaderSize + Size(buffer.Slice(0, HeaderSize));
            }

            if (buffer.Length >= wanted)
            {
                var message = Parse(buffer.Slice(HeaderSize, wanted - HeaderSize), parser);
                input.AdvanceTo(buffer.GetPosition(wanted));
                consumed(wanted - told);
                return message;
            }

            if (result.IsCompleted)
            {
                return buffer.IsEmpty ? null : throw new GrpcException(GrpcStatus.Internal, "cannot read a message: it is cut short");
            }

            // What is here counts as read, else a message larger than the window would never be complete.
            consumed(buffer.Length - told);
            told = buffer.Length;
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static int Size(ReadOnlySequence<byte> head)
    {
        Span<byte> bytes = stackalloc byte[HeaderSize];
        head.CopyTo(bytes);
        var size = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        return bytes[0] == 0 && size <= MostBytes ? (int)size : throw new GrpcException(GrpcStatus.ResourceExhausted, $"cannot read a message of {size} bytes");
    }

    private static T Parse<T>(ReadOnlySequence<byte> body, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(body);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcStatus.Internal, $"cannot read a message: {e.Message}", e);
        }
    }
}
