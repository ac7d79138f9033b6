using System.Buffers;
using Slipway.DockerApi;

namespace Slipway.Engine.Logs;

/// <summary>Gathers lines of one stream, so that many go to the client at once.</summary>
internal sealed class LogBatch : IDisposable
{
    private const int Capacity = 64 << 10;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(Capacity);
    private int _length;

    /// <summary>The stream that <see cref="Content"/> belongs to.</summary>
    internal StdStream Stream { get; private set; }

    /// <summary>What was gathered.</summary>
    internal ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <summary>Empties the batch.</summary>
    internal void Clear() => _length = 0;

    /// <summary>Room for the next bytes of a stream.</summary>
    /// <returns>False when what is here has to be sent first. An empty batch takes any record with its prefix.</returns>
    internal bool TryReserve(StdStream stream, int length, out Span<byte> target)
    {
        if (_length > 0 && (stream != Stream || _length + length > _buffer.Length))
        {
            target = default;
            return false;
        }

        Stream = stream;
        target = _buffer.AsSpan(_length, length);
        _length += length;
        return true;
    }
}
