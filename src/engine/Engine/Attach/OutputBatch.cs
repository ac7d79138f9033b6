using System.Buffers;
using System.Net.Sockets;
using Slipway.DockerApi;

namespace Slipway.Engine.Attach;

/// <summary>
/// Turns conmon's packets into what the client is sent, in place: packets are received one behind the other into one buffer, where
/// the mark in front of each becomes a frame header, or nothing. Packets of one stream that follow each other share a frame.
/// </summary>
internal sealed class OutputBatch : IDisposable
{
    /// <summary>How much is gathered before it is sent.</summary>
    internal const int Capacity = 128 << 10;

    // A client reads a frame into a buffer of its own; docker's begins with 32 KiB.
    private const int MaxFrame = 32 << 10;
    private const int MaxPackets = 512;
    private const int Slack = ConmonSocket.MaxPacket + StreamFrame.HeaderSize;

    private readonly bool _multiplexed;
    private readonly bool _stdout;
    private readonly bool _stderr;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(Capacity + Slack);
    private int _end = 1;
    private int _frame = -1;
    private byte _frameMark;
    private bool _abandoned;

    internal OutputBatch(bool multiplexed, bool stdout, bool stderr)
    {
        _multiplexed = multiplexed;
        _stdout = stdout;
        _stderr = stderr;
    }

    /// <summary>What is ready to be sent; valid until <see cref="Clear"/>.</summary>
    internal ReadOnlyMemory<byte> Content => _buffer.AsMemory(1, _end - 1);

    /// <summary>Bytes received since <see cref="Clear"/>, wanted or not.</summary>
    internal int Received { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_abandoned)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    /// <summary>Keeps the buffer out of the pool: a write that was given up may still be reading it.</summary>
    internal void Abandon() => _abandoned = true;

    /// <summary>An empty batch for the same client.</summary>
    internal OutputBatch Another() => new(_multiplexed, _stdout, _stderr);

    /// <summary>Empties the batch.</summary>
    internal void Clear()
    {
        _end = 1;
        _frame = -1;
        Received = 0;
    }

    /// <summary>Receives what waits on the socket, without waiting for more.</summary>
    /// <returns>False when the other side has ended.</returns>
    internal bool Fill(Socket socket)
    {
        // Bounded also when nothing is kept, so that a flood that the client did not ask for holds no thread.
        for (var packets = 0; _end < Capacity && packets < MaxPackets; packets++)
        {
            // The packet's mark lands on the last byte of what is there already, which is put back: the payload joins on.
            var before = _buffer[_end - 1];
            var count = socket.Receive(_buffer.AsSpan(_end - 1, ConmonSocket.MaxPacket), SocketFlags.None, out var error);
            var mark = _buffer[_end - 1];
            _buffer[_end - 1] = before;
            if (error == SocketError.WouldBlock)
            {
                return true;
            }

            if (error != SocketError.Success || count == 0)
            {
                return false;
            }

            Received += count;
            Add(mark, count - 1);
        }

        return true;
    }

    private void Add(byte mark, int length)
    {
        var wanted = mark == ConmonSocket.StderrMark ? _stderr : _stdout && mark == ConmonSocket.StdoutMark;
        if (!wanted || length == 0)
        {
            return;
        }

        if (!_multiplexed)
        {
            _end += length;
            return;
        }

        if (_frame < 0 || mark != _frameMark || _end - _frame + length > MaxFrame)
        {
            _buffer.AsSpan(_end, length).CopyTo(_buffer.AsSpan(_end + StreamFrame.HeaderSize));
            _frame = _end;
            _frameMark = mark;
            _end += StreamFrame.HeaderSize;
        }

        _end += length;
        var stream = mark == ConmonSocket.StderrMark ? StdStream.Stderr : StdStream.Stdout;
        new StreamFrame(stream, (uint)(_end - _frame - StreamFrame.HeaderSize)).Write(_buffer.AsSpan(_frame));
    }
}
