using Slipway.Engine.Content;
using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Slipway.Engine.Layers;

namespace Slipway.Engine.Files;

/// <summary>
/// Writes a tar archive to a stream. Headers and content pass through one buffer of <see cref="BufferSize"/> bytes, so that the stream sees
/// few large writes and memory stays bounded.
/// </summary>
public sealed class TarWriter(Stream output) : IBufferWriter<byte>, IDisposable
{
    private const int BufferSize = 512 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _used;

    /// <summary>Writes an entry that has no content, or whose content follows through <see cref="CopyAsync"/>.</summary>
    public async ValueTask WriteAsync(TarEntry entry, CancellationToken cancel)
    {
        TarHeaderWriter.Write(this, entry);
        if (_used >= BufferSize / 2)
        {
            await FlushAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Writes exactly <paramref name="length"/> bytes of content: what a file that grew has more is left out, what one that shrank lacks is zeros.</summary>
    /// <param name="file">The content.</param>
    /// <param name="length">As in the entry's header.</param>
    /// <param name="cancel">Stops between two reads.</param>
    /// <param name="hash">Takes in what is written, or null.</param>
    public async ValueTask CopyAsync(SafeFileHandle file, long length, CancellationToken cancel, DigestHash? hash = null)
    {
        // The hash is taken on another thread while the buffer is written; the buffer is used again only when both are done.
        var hashing = Task.CompletedTask;
        try
        {
            for (long at = 0; at < length;)
            {
                if (_used == _buffer.Length)
                {
                    await FlushAsync(cancel).ConfigureAwait(false);
                    await hashing.ConfigureAwait(false);
                }

                var room = _buffer.AsMemory(_used, (int)Math.Min(_buffer.Length - _used, length - at));
                var read = RandomAccess.Read(file, room.Span, at);
                if (read == 0)
                {
                    await ZerosAsync(length - at, cancel).ConfigureAwait(false);
                    break;
                }

                if (hash is not null)
                {
                    await hashing.ConfigureAwait(false);
                    hashing = Task.Run(() => hash.Append(room.Span[..read]), CancellationToken.None);
                }

                _used += read;
                at += read;
            }
        }
        finally
        {
            await hashing.ConfigureAwait(false);
        }

        await ZerosAsync(TarHeaderWriter.Padding(length), cancel).ConfigureAwait(false);
    }

    /// <summary>Writes content that is in memory.</summary>
    public async ValueTask WriteContentAsync(ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await FlushAsync(cancel).ConfigureAwait(false);
        await output.WriteAsync(content, cancel).ConfigureAwait(false);
        await ZerosAsync(TarHeaderWriter.Padding(content.Length), cancel).ConfigureAwait(false);
    }

    /// <summary>Writes the two zero blocks that end an archive, and everything that is still buffered.</summary>
    public async ValueTask FinishAsync(CancellationToken cancel)
    {
        await ZerosAsync(2 * TarHeaderWriter.BlockSize, cancel).ConfigureAwait(false);
        await FlushAsync(cancel).ConfigureAwait(false);
        await output.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    void IBufferWriter<byte>.Advance(int count) => _used += count;

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => Room(sizeHint);

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => Room(sizeHint).Span;

    // Headers are small unless extended attributes are large (64 KiB each); only then the buffer grows.
    private Memory<byte> Room(int sizeHint)
    {
        var needed = _used + Math.Max(sizeHint, 1);
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _used).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_used);
    }

    private async ValueTask ZerosAsync(long count, CancellationToken cancel)
    {
        while (count > 0)
        {
            if (_used == _buffer.Length)
            {
                await FlushAsync(cancel).ConfigureAwait(false);
            }

            var step = (int)Math.Min(_buffer.Length - _used, count);
            _buffer.AsSpan(_used, step).Clear();
            _used += step;
            count -= step;
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancel)
    {
        await output.WriteAsync(_buffer.AsMemory(0, _used), cancel).ConfigureAwait(false);
        _used = 0;
    }
}
