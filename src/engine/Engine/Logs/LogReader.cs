using System.Buffers;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;

namespace Slipway.Engine.Logs;

/// <summary>
/// Reads one file of a log from its position on: records to lines, lines in batches to a sink. Memory is one read buffer and one batch,
/// both pooled and held during <see cref="ReadAsync"/> only. Records that are damaged are skipped, and said so in the daemon's log.
/// </summary>
internal sealed class LogReader(LogFormat format, Func<StdStream, ReadOnlyMemory<byte>, ValueTask> sink, ILogger logger)
{
    private const int BufferSize = 256 << 10;
    private readonly byte[] _lastTime = new byte[LogRecord.TimeLength];
    private bool _inOverlongLine;
    private long _damaged;

    /// <summary>Reads whole records up to the present end of the file, and not beyond <paramref name="end"/>.</summary>
    /// <returns>True when whole records were read.</returns>
    internal async Task<bool> ReadAsync(LogFile file, long end, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var batch = new LogBatch();
        try
        {
            var begin = file.Position;
            var kept = 0;
            while (!format.IsPastEnd)
            {
                cancel.ThrowIfCancellationRequested();
                var room = buffer.AsMemory(kept, (int)Math.Min(buffer.Length - kept, Math.Max(0, end - file.Position)));
                var count = file.Read(room.Span);
                if (count == 0)
                {
                    break;
                }

                var filled = kept + count;
                var used = await ConsumeAsync(file, buffer.AsMemory(0, filled), batch).ConfigureAwait(false);
                kept = KeepRest(buffer, used, filled);
            }

            await FlushAsync(batch).ConfigureAwait(false);
            // A record that is still being written is read again from its beginning; in an expanded stream none is.
            file.Position -= file.IsCompressed ? 0 : kept;
            file.LastTime = LogTime.Parse(_lastTime) ?? file.LastTime;
            return file.Position > begin;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Says in the daemon's log what was skipped, if anything; <paramref name="rest"/> is what a file's last record lacks an end for.</summary>
    internal void ReportDamage(LogFile file, long rest)
    {
        var damaged = _damaged + (rest > 0 ? 1 : 0);
        if (damaged > 0)
        {
            logger.LogWarning("skipped {Count} damaged record(s) in log {File}", damaged, file.Name);
            _damaged = 0;
        }
    }

    private int KeepRest(byte[] buffer, int used, int filled)
    {
        var rest = filled - used;
        if (rest > LogRecord.MaxLength)
        {
            // No record is that long: skip to the next newline.
            _damaged += _inOverlongLine ? 0 : 1;
            _inOverlongLine = true;
            return 0;
        }

        buffer.AsSpan(used, rest).CopyTo(buffer);
        return rest;
    }

    private async ValueTask<int> ConsumeAsync(LogFile file, ReadOnlyMemory<byte> data, LogBatch batch)
    {
        var used = 0;
        while (true)
        {
            used += Parse(data.Span[used..], batch, out var full);
            if (!full)
            {
                ReportDamage(file, 0);
                return used;
            }

            await FlushAsync(batch).ConfigureAwait(false);
        }
    }

    // Takes whole lines until the batch is full.
    private int Parse(ReadOnlySpan<byte> data, LogBatch batch, out bool full)
    {
        var used = 0;
        full = false;
        ReadOnlySpan<byte> last = default;
        while (!format.IsPastEnd)
        {
            var length = data[used..].IndexOf((byte)'\n');
            if (length < 0)
            {
                break;
            }

            var line = data.Slice(used, length);
            if (_inOverlongLine)
            {
                _inOverlongLine = false;
            }
            else if (!LogRecord.TryParse(line, out var record))
            {
                _damaged++;
            }
            else if (format.TryAdd(record, batch))
            {
                last = record.Time;
            }
            else
            {
                full = true;
                break;
            }

            used += length + 1;
        }

        last.CopyTo(_lastTime);
        return used;
    }

    private async ValueTask FlushAsync(LogBatch batch)
    {
        if (batch.Content.Length > 0)
        {
            await sink(batch.Stream, batch.Content).ConfigureAwait(false);
            batch.Clear();
        }
    }
}
