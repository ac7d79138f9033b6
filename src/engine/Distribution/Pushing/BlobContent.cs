using System.Net;
using Slipway.Distribution.Transport;

namespace Slipway.Distribution.Pushing;

/// <summary>A part of a blob as a request's body.</summary>
internal sealed class BlobContent : HttpContent
{
    private const int BufferSize = 256 << 10;

    private readonly Func<Stream> _open;
    private readonly long _from;
    private readonly long _length;
    private readonly StallWatch _watch;
    private readonly Action<long> _progress;

    internal BlobContent(Func<Stream> open, long from, long length, StallWatch watch, Action<long> progress)
    {
        (_open, _from, _length, _watch, _progress) = (open, from, length, watch, progress);
        Headers.ContentType = new("application/octet-stream");
        Headers.ContentLength = length;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var blob = _open();
        blob.Seek(_from, SeekOrigin.Begin);
        var buffer = new byte[BufferSize];
        for (var sent = 0L; sent < _length;)
        {
            var read = await blob.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, _length - sent)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException("the blob is shorter than it was");
            }

            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            sent += read;
            _watch.Moved(read);
            _progress(_from + sent);
        }

        _watch.Pause();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
