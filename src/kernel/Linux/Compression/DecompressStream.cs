namespace Slipway.Linux;

/// <summary>
/// A forward-only reading stream over a decoder of the system. The end of the input within a compressed frame is an
/// <see cref="InvalidDataException"/>, so is anything that cannot be decoded. Memory is bounded by the two buffers and the decoder's window.
/// </summary>
public abstract class DecompressStream : Stream
{
    private const int InputSize = 128 * 1024;

    private readonly Stream inner;
    private readonly byte[] input = new byte[InputSize];
    private int start;
    private int end;
    private bool inputEnded;
    private bool finished;

    private protected DecompressStream(Stream inner) => this.inner = inner;

    /// <inheritdoc/>
    public override bool CanRead => true;
    /// <inheritdoc/>
    public override bool CanSeek => false;
    /// <inheritdoc/>
    public override bool CanWrite => false;
    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            if (TryDecode(buffer, out var written))
            {
                return written;
            }

            Took(inner.Read(input));
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (TryDecode(buffer.Span, out var written))
            {
                return written;
            }

            Took(await inner.ReadAsync(input, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>One step of the decoder.</summary>
    /// <param name="source">Input that is there.</param>
    /// <param name="last">No more will come.</param>
    /// <param name="target">Room for output.</param>
    /// <param name="consumed">Bytes of input that were used.</param>
    /// <param name="written">Bytes of output that were made.</param>
    /// <returns>True when the input so far ends with a whole frame and all its output is out.</returns>
    private protected abstract bool Step(ReadOnlySpan<byte> source, bool last, Span<byte> target, out int consumed, out int written);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Took(int count)
    {
        (start, end) = (0, count);
        inputEnded = count == 0;
    }

    /// <summary>False when more input must be read first.</summary>
    private bool TryDecode(Span<byte> buffer, out int written)
    {
        written = 0;
        if (finished || buffer.IsEmpty)
        {
            return true;
        }

        while (true)
        {
            if (start == end && !inputEnded && !HasPendingOutput)
            {
                return false;
            }

            var whole = Step(input.AsSpan(start, end - start), inputEnded, buffer, out var consumed, out written);
            start += consumed;
            HasPendingOutput = written == buffer.Length;
            if (written > 0)
            {
                return true;
            }

            if (inputEnded && start == end)
            {
                finished = whole;
                return whole ? true : throw new InvalidDataException("the compressed data end too early");
            }
        }
    }

    // The last step filled its buffer, so that the decoder may hold more without new input.
    private bool HasPendingOutput { get; set; }
}
