using System.Buffers.Binary;

namespace Slipway.BuildKitApi.Http2;

/// <summary>
/// One end of an HTTP/2 connection over a stream that is there already (RFC 9113), as far as gRPC needs it. .NET's own client joins fields of one name
/// and costs a short-lived program a noticeable start, its server needs a host; BuildKit's connections have either end on either side.
/// </summary>
internal sealed class Http2Connection
{
    /// <summary>How many bytes of a stream the peer may send before they are read.</summary>
    internal const int StreamWindow = 1 << 20;

    private const int ConnectionWindow = 16 << 20;
    private const int DefaultWindow = 65535;
    private const int MostFrame = 64 * 1024;
    private const int LeastFrame = 16 * 1024;
    private const int MostHeaders = 4 << 20;
    private const int MostStreams = 256;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly Stream _stream;
    private readonly Func<Http2Stream, Task>? _serve;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly HeaderReader _headers = new();
    private readonly List<byte> _block = [];
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Frame _blockHead;
    private long _sendWindow = DefaultWindow;
    private int _initialWindow = DefaultWindow;
    private int _frameSize = LeastFrame;
    private int _received;
    private int _lastId = -1;
    private bool _ended;

    /// <summary>Prepares one end; its first words stand before whatever is written afterwards.</summary>
    /// <param name="stream">What carries it; stays the caller's.</param>
    /// <param name="serve">Answers the peer's streams; null for the end that opens them.</param>
    internal Http2Connection(Stream stream, Func<Http2Stream, Task>? serve)
    {
        (_stream, _serve) = (stream, serve);
        Frames = new FrameWriter(stream, _stop.Token);
        Greet();
    }

    /// <summary>Where frames go.</summary>
    internal FrameWriter Frames { get; }

    /// <summary>Serves the connection until it ends. Afterwards nobody reads or writes the stream any more.</summary>
    /// <param name="cancel">Ends it.</param>
    internal async Task RunAsync(CancellationToken cancel)
    {
        using var linked = cancel.Register(_stop.Cancel);
        Frames.Flush();
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            // Whatever it was, the connection is over; each stream is told so.
        }
        finally
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            EndStreams();
            await Frames.Idle.ConfigureAwait(false);
        }
    }

    /// <summary>Ends the connection.</summary>
    internal void Stop() => _stop.Cancel();

    /// <summary>Opens a stream.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    internal Http2Stream Open(IEnumerable<KeyValuePair<string, string>> fields, bool end)
    {
        var block = HeaderWriter.Write(fields);
        lock (_lock)
        {
            if (_ended || _stop.IsCancellationRequested)
            {
                throw new IOException("the connection has ended");
            }

            // Streams are opened in the order of their numbers.
            _lastId += 2;
            var opened = new Http2Stream(this, _lastId, _initialWindow);
            _streams.Add(_lastId, opened);
            WriteHead(_lastId, block, end);
            return opened;
        }
    }

    internal void WriteHead(int id, ReadOnlySpan<byte> block, bool end)
    {
        lock (_lock)
        {
            var type = FrameType.Headers;
            var flags = end ? Frame.EndStream : (byte)0;
            for (; block.Length > LeastFrame; block = block[LeastFrame..])
            {
                Frames.Write(type, flags, id, block[..LeastFrame]);
                (type, flags) = (FrameType.Continuation, 0);
            }

            Frames.Write(type, (byte)(flags | Frame.EndHeaders), id, block);
        }
    }

    /// <summary>Sends bytes of a stream as the peer has room for them.</summary>
    internal async Task WriteAsync(Http2Stream to, ReadOnlyMemory<byte> bytes, bool more, CancellationToken cancel)
    {
        while (!bytes.IsEmpty)
        {
            var count = Reserve(to, bytes.Length, out var room);
            if (count == 0)
            {
                Frames.Flush();
                await room.WaitAsync(cancel).ConfigureAwait(false);
                continue;
            }

            Frames.Write(FrameType.Data, 0, to.Id, bytes.Span[..count], more);
            bytes = bytes[count..];
            await Frames.RoomAsync().WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    internal void Grant(int id, int count, bool more = false)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, count);
        Frames.Write(FrameType.WindowUpdate, 0, id, payload, more);
    }

    internal void Reset(int id, uint code)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, code);
        Frames.Write(FrameType.Reset, 0, id, payload);
    }

    internal void Forget(Http2Stream closed)
    {
        lock (_lock)
        {
            _streams.Remove(closed.Id);
        }

        MoreRoom();
    }

    private void Greet()
    {
        if (_serve is null)
        {
            Frames.Raw(Preface);
        }

        Span<byte> settings = stackalloc byte[18];
        Setting(settings, 0x3, MostStreams);
        Setting(settings[6..], 0x4, StreamWindow);
        Setting(settings[12..], 0x5, MostFrame);
        Frames.Write(FrameType.Settings, 0, 0, settings, more: true);
        Grant(0, ConnectionWindow - DefaultWindow, more: true);
    }

    private static void Setting(Span<byte> place, ushort name, uint value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(place, name);
        BinaryPrimitives.WriteUInt32BigEndian(place[2..], value);
    }

    private int Reserve(Http2Stream to, int wanted, out Task room)
    {
        lock (_lock)
        {
            room = _room.Task;
            if (to.Gone.IsCancellationRequested || _ended)
            {
                throw new IOException("the peer has given the stream up");
            }

            var count = (int)Math.Max(0, Math.Min(Math.Min(wanted, _frameSize), Math.Min(_sendWindow, to.SendWindow)));
            _sendWindow -= count;
            to.SendWindow -= count;
            return count;
        }
    }

    private void MoreRoom()
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            (waiting, _room) = (_room, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[MostFrame * 2];
        var (start, end) = (0, 0);
        var greeted = _serve is null;
        while (true)
        {
            var taken = Take(buffer.AsSpan(start, end - start), ref greeted);
            start += taken;
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }

            var read = await _stream.ReadAsync(buffer.AsMemory(end), _stop.Token).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            end += read;
        }
    }

    // Whole frames only; how many bytes they were.
    private int Take(ReadOnlySpan<byte> input, ref bool greeted)
    {
        var taken = 0;
        if (!greeted)
        {
            if (input.Length < Preface.Length)
            {
                return 0;
            }

            greeted = input.StartsWith(Preface) ? true : throw new InvalidDataException("the peer does not speak HTTP/2");
            taken = Preface.Length;
        }

        while (input.Length - taken >= Frame.HeadSize)
        {
            var frame = Frame.Read(input[taken..]);
            if (frame.Length > MostFrame)
            {
                throw new InvalidDataException($"a frame of {frame.Length} bytes");
            }

            if (input.Length - taken < Frame.HeadSize + frame.Length)
            {
                break;
            }

            Handle(frame, input.Slice(taken + Frame.HeadSize, frame.Length));
            taken += Frame.HeadSize + frame.Length;
        }

        return taken;
    }

    private void Handle(Frame frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case FrameType.Data:
                Data(frame, payload);
                break;
            case FrameType.Headers:
            case FrameType.Continuation:
                Headers(frame, payload);
                break;
            case FrameType.Reset:
                Find(frame.Stream)?.End(new IOException("the peer has given the stream up"));
                MoreRoom();
                break;
            case FrameType.Settings when !frame.Has(Frame.Ack):
                Settings(payload);
                break;
            case FrameType.Ping when !frame.Has(Frame.Ack):
                Frames.Write(FrameType.Ping, Frame.Ack, 0, payload);
                break;
            case FrameType.WindowUpdate when payload.Length == 4:
                Widen(frame.Stream, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
        }
    }

    private void Data(Frame frame, ReadOnlySpan<byte> payload)
    {
        _received += payload.Length;
        if (_received >= ConnectionWindow / 4)
        {
            Grant(0, _received);
            _received = 0;
        }

        var content = frame.Content(payload);
        var to = Find(frame.Stream);
        to?.Received(content, frame.Has(Frame.EndStream));
        to?.Consumed(payload.Length - content.Length);
    }

    private void Headers(Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Type == FrameType.Headers)
        {
            _block.Clear();
            _blockHead = frame;
            payload = frame.Content(payload);
        }

        _block.AddRange(payload);
        if (_block.Count > MostHeaders || frame.Stream != _blockHead.Stream)
        {
            throw new InvalidDataException("the headers are too large or out of order");
        }

        if (!frame.Has(Frame.EndHeaders))
        {
            return;
        }

        var fields = _headers.Read(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_block));
        _block.Clear();
        var opened = _serve is not null && frame.Stream > _lastId ? Accept(frame.Stream) : null;
        (opened ?? Find(frame.Stream))?.Told(fields, _blockHead.Has(Frame.EndStream));
        if (opened is not null)
        {
            _ = Task.Run(() => _serve!(opened));
        }
    }

    private Http2Stream? Accept(int id)
    {
        const uint refused = 7;
        lock (_lock)
        {
            _lastId = id;
            if (_streams.Count < MostStreams)
            {
                return _streams[id] = new Http2Stream(this, id, _initialWindow);
            }
        }

        Reset(id, refused);
        return null;
    }

    private void Settings(ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            for (; payload.Length >= 6; payload = payload[6..])
            {
                var value = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
                switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
                {
                    case 0x4:
                        foreach (var open in _streams.Values)
                        {
                            open.SendWindow += value - _initialWindow;
                        }

                        _initialWindow = value;
                        break;
                    case 0x5:
                        _frameSize = Math.Clamp(value, LeastFrame, MostFrame);
                        break;
                }
            }
        }

        Frames.Write(FrameType.Settings, Frame.Ack, 0, default);
        MoreRoom();
    }

    private void Widen(int id, int count)
    {
        lock (_lock)
        {
            if (id == 0)
            {
                _sendWindow += count;
            }
            else if (_streams.TryGetValue(id, out var open))
            {
                open.SendWindow += count;
            }
        }

        MoreRoom();
    }

    private Http2Stream? Find(int id)
    {
        lock (_lock)
        {
            return _streams.GetValueOrDefault(id);
        }
    }

    private void EndStreams()
    {
        List<Http2Stream> open;
        lock (_lock)
        {
            _ended = true;
            open = [.. _streams.Values];
            _streams.Clear();
        }

        open.ForEach(stream => stream.End(new IOException("the connection has ended")));
        MoreRoom();
    }
}
