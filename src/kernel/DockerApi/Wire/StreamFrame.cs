using System.Buffers.Binary;

namespace Slipway.DockerApi;

/// <summary>Which stream a frame of a multiplexed connection belongs to.</summary>
public enum StdStream
{
    /// <summary>Standard input (unused in answers).</summary>
    Stdin = 0,

    /// <summary>Standard output.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,

    /// <summary>An error of the engine itself, as text.</summary>
    SystemError = 3,
}

/// <summary>
/// Header of a frame in <c>application/vnd.docker.multiplexed-stream</c>: stream number, three zero bytes, and the
/// payload's length in bytes as a big-endian 32-bit number.
/// </summary>
public readonly record struct StreamFrame(StdStream Stream, uint Length)
{
    /// <summary>Bytes of a header.</summary>
    public const int HeaderSize = 8;

    /// <summary>Writes the header into the first eight bytes of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target)
    {
        target[..4].Clear();
        target[0] = (byte)Stream;
        BinaryPrimitives.WriteUInt32BigEndian(target[4..HeaderSize], Length);
    }

    /// <summary>Reads a header.</summary>
    /// <returns>False when there are fewer than eight bytes or they are no header.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out StreamFrame frame)
    {
        frame = default;
        if (source.Length < HeaderSize || source[0] > (byte)StdStream.SystemError
            || source[1] != 0 || source[2] != 0 || source[3] != 0)
        {
            return false;
        }

        frame = new StreamFrame((StdStream)source[0], BinaryPrimitives.ReadUInt32BigEndian(source[4..]));
        return true;
    }
}
