using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Slipway.Api.Routing;
using Slipway.Transport;

namespace Slipway.Api.Hijack;

/// <summary>
/// A connection after HTTP has ended on it: bytes both ways, each direction with its own end. Reading returns 0 when the client has
/// stopped sending; writing goes on until the client is gone.
/// </summary>
public sealed class HijackedStream : Stream
{
    private readonly HttpContext _http;
    private readonly SocketConnection _connection;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _gone;
    private Task _watching = Task.CompletedTask;
    private Task _discarding = Task.CompletedTask;
    private bool _inputEnded;
    private bool _finished;

    private HijackedStream(ApiCall call)
    {
        _http = call.Http;
        _connection = _http.Features.GetRequiredFeature<SocketConnection>();
        var transport = _http.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
        (_input, _output, _time) = (transport.Input, transport.Output, call.Time);
        _gone = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Stopping);
    }

    /// <summary>Cancelled when the client is gone or the daemon stops.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>
    /// Answers the request and takes the connection over: <c>101 UPGRADED</c> when the client asked for an upgrade, otherwise a plain
    /// 200 with the raw stream behind it, as Docker does for old clients. The body must have been read.
    /// </summary>
    public static Task<HijackedStream> TakeAsync(ApiCall call, string contentType)
    {
        var upgrade = call.Http.Request.Headers.ContainsKey("Upgrade");
        return TakeWithAsync(call, upgrade
            ? $"HTTP/1.1 101 UPGRADED\r\nContent-Type: {contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\n");
    }

    /// <summary>Takes the connection over with this status line and these headers, to which the common ones are added.</summary>
    internal static async Task<HijackedStream> TakeWithAsync(ApiCall call, string head)
    {
        var stream = new HijackedStream(call);
        if (call.Http.Request.Headers.TransferEncoding.Count > 0)
        {
            stream.SkipEmptyBody();
        }

        var text = new StringBuilder(head);
        foreach (var (name, value) in call.Http.Response.Headers)
        {
            text.Append(name).Append(": ").Append(value.ToString()).Append("\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(text.Append("\r\n").ToString()), call.Aborted);
        return stream;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_inputEnded || buffer.IsEmpty)
        {
            return 0;
        }

        var result = await _input.ReadAsync(cancellationToken);
        var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        _input.AdvanceTo(taken.End);
        if (count == 0)
        {
            _inputEnded = true;
            _watching = WatchAsync();
        }

        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _output.WriteAsync(buffer, cancellationToken);
        if (result.IsCompleted)
        {
            await _gone.CancelAsync();
            throw new IOException("the client closed the connection");
        }
    }

    /// <summary>Writes a frame of a multiplexed stream: header and payload in one piece.</summary>
    public async ValueTask WriteFrameAsync(DockerApi.StdStream kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        new DockerApi.StreamFrame(kind, (uint)payload.Length).Write(_output.GetSpan(DockerApi.StreamFrame.HeaderSize));
        _output.Advance(DockerApi.StreamFrame.HeaderSize);
        await WriteAsync(payload, cancellationToken);
    }

    /// <summary>For endpoints that want nothing from the client: reads on, so that a client that leaves is noticed.</summary>
    public void IgnoreInput() => _discarding = DiscardAsync();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_finished)
        {
            return;
        }

        _finished = true;
        await _connection.FinishAsync();
        await _gone.CancelAsync();
        await _discarding;
        await _watching;
        _gone.Dispose();
        _http.Abort();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    /// <inheritdoc/>
    public override void Flush()
    {
        // Every write is on its way when it returns.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    // A client that says "chunked" and has no body, as docker-modem, ends it together with the head of its request.
    private void SkipEmptyBody()
    {
        if (_input.TryRead(out var result))
        {
            var body = new SequenceReader<byte>(result.Buffer);
            body.IsNext("0\r\n\r\n"u8, advancePast: true);
            _input.AdvanceTo(body.Position);
        }
    }

    private async Task DiscardAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (await ReadAsync(buffer.AsMemory(), Gone) > 0)
            {
                // Not wanted. The end of input starts the watch for the end of the client.
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            await _gone.CancelAsync();
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            await ClientWatch.WaitForCloseAsync(_connection, _time, Gone);
            if (_connection.PeerClosed())
            {
                await _gone.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The stream ended first.
        }
    }
}
