using System.IO.Compression;
using System.Threading.Channels;
using Slipway.Engine.Content;

namespace Slipway.Distribution.Pushing;

/// <summary>
/// Packs a stream with gzip on several cores: blocks of fixed size become members of one file (RFC 1952, 2.2), which every reader takes for
/// one stream. The same input always gives the same output.
/// </summary>
internal static class ParallelGzip
{
    private const int BlockSize = 1 << 20;

    // Two thirds of the time of the usual level 6 for 3 % more bytes.
    private static readonly ZLibCompressionOptions s_level = new() { CompressionLevel = 3 };

    /// <summary>Packs everything that is left of a stream.</summary>
    internal static async Task RunAsync(Stream plain, BlobWriter packed, Action<long> progress, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var blocks = Channel.CreateBounded<Task<MemoryStream>>(Environment.ProcessorCount + 1);
        var reading = ReadAsync(plain, blocks.Writer, stop.Token);
        try
        {
            var done = 0L;
            await foreach (var block in blocks.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                using var member = await block.ConfigureAwait(false);
                packed.Write(member.GetBuffer().AsSpan(0, (int)member.Length));
                progress(done += BlockSize);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await reading.ConfigureAwait(false);
    }

    private static async Task ReadAsync(Stream plain, ChannelWriter<Task<MemoryStream>> blocks, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var block = new byte[BlockSize];
                var length = await plain.ReadAtLeastAsync(block, BlockSize, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
                if (length > 0)
                {
                    await blocks.WriteAsync(Task.Run(() => Pack(block.AsSpan(0, length)), cancel), cancel).ConfigureAwait(false);
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

    private static MemoryStream Pack(ReadOnlySpan<byte> block)
    {
        var member = new MemoryStream(BlockSize / 2);
        using (var gzip = new GZipStream(member, s_level, leaveOpen: true))
        {
            gzip.Write(block);
        }

        return member;
    }
}
