using System.Collections.Concurrent;
using System.Threading.Channels;
using Slipway.Engine.Content;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// Packs a stream with gzip on several cores: blocks of fixed size become members of one file (RFC 1952, 2.2), which every reader takes for
/// one stream. The same input always gives the same output.
/// </summary>
public static class ParallelGzip
{
    private const int BlockSize = 1 << 20;

    // Half the time of zlib's usual level 6 for 5 % more bytes.
    private const int Level = 1;

    /// <summary>Packs everything that is left of a stream.</summary>
    /// <param name="plain">What to pack.</param>
    /// <param name="packed">Where it goes; left open.</param>
    /// <param name="progress">Told now and then how many bytes of <paramref name="plain"/> are packed.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="NotSupportedException">The system's libdeflate is not installed.</exception>
    public static async Task RunAsync(Stream plain, BlobWriter packed, Action<long> progress, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ahead = Environment.ProcessorCount + 1;
        var blocks = Channel.CreateBounded<Task<Block>>(ahead);

        // Blocks of this size are expensive to allocate: those that are done are used again.
        var free = new ConcurrentBag<Block>();
        var reading = ReadAsync(plain, blocks.Writer, free, stop.Token);
        try
        {
            var done = 0L;
            await foreach (var work in blocks.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                var block = await work.ConfigureAwait(false);
                packed.Write(block.Packed);
                progress(done += BlockSize);
                free.Add(block);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var block in free)
            {
                block.Dispose();
            }
        }

        await reading.ConfigureAwait(false);
    }

    private static async Task ReadAsync(Stream plain, ChannelWriter<Task<Block>> blocks, ConcurrentBag<Block> free, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var block = free.TryTake(out var used) ? used : new Block();
                var length = await plain.ReadAtLeastAsync(block.Plain, BlockSize, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
                if (length > 0)
                {
                    await blocks.WriteAsync(Task.Run(() => block.Pack(length), cancel), cancel).ConfigureAwait(false);
                }

                if (length < BlockSize)
                {
                    return;
                }
            }
        }
        finally
        {
            blocks.Complete();
        }
    }

    /// <summary>A piece on its way: plain, then packed.</summary>
    private sealed class Block : IDisposable
    {
        private readonly GzipCompressor _compressor = new(Level);
        private readonly byte[] _packed;
        private int _length;

        internal Block() => _packed = GC.AllocateUninitializedArray<byte>(_compressor.Bound(BlockSize));

        internal byte[] Plain { get; } = GC.AllocateUninitializedArray<byte>(BlockSize);

        internal ReadOnlySpan<byte> Packed => _packed.AsSpan(0, _length);

        internal Block Pack(int length)
        {
            _length = _compressor.Pack(Plain.AsSpan(0, length), _packed);
            return this;
        }

        public void Dispose() => _compressor.Dispose();
    }
}
