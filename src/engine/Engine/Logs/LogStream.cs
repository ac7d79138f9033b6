using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary>
/// Reads a whole log: finds where to begin, goes from file to file as they were rotated, and follows what is written. Readers only read:
/// nothing they do holds up the container.
/// </summary>
/// <param name="signals">Tells when a log directory changes.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Where damaged records are reported.</param>
public sealed class LogStream(DirectorySignals signals, TimeProvider time, ILogger logger)
{
    // Only a net below the signals.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Gives the log's lines to a sink, several at once as long as they are of one stream, exactly as the container wrote them.</summary>
    /// <param name="source">What to read.</param>
    /// <param name="request">Which lines, and how they look.</param>
    /// <param name="sink">Takes bytes of one stream; the memory is valid until its task ends.</param>
    /// <param name="cancel">The client went away.</param>
    public async Task ReadAsync(LogSource source, LogRequest request, Func<StdStream, ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancel)
    {
        var files = new LogFiles(source.Path);
        var format = new LogFormat(request, source.Attributes);
        var reader = new LogReader(format, sink, logger);
        var (file, newest, end) = Begin(files, request, format);
        try
        {
            while (!format.IsPastEnd)
            {
                // Asked before reading: what was written until then is read below.
                var producing = request.Follow && source.IsProducing() && !IsPast(request.UntilNanoseconds);
                file ??= LogFile.TryOpen(source.Path);
                if (file is not null && await reader.ReadAsync(file, file.Inode == newest ? end : long.MaxValue, cancel).ConfigureAwait(false))
                {
                    continue;
                }

                if (file is not null && (request.Follow || file.Inode != newest) && files.OpenAfter(file) is { } next)
                {
                    file = await SwitchAsync(file, next, reader, cancel).ConfigureAwait(false);
                }
                else if (!producing)
                {
                    return;
                }
                else
                {
                    await WaitAsync(files, file, source, cancel).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    // What is there now is the end for a reader that does not follow, however fast the container writes.
    private static (LogFile? File, ulong Newest, long End) Begin(LogFiles files, LogRequest request, LogFormat format)
    {
        var all = files.OpenAll();
        if (all.Count == 0)
        {
            return (null, 0, long.MaxValue);
        }

        var newest = all[0].Inode;
        var end = request.Follow ? long.MaxValue : all[0].Length;
        var first = all.Count - 1;
        if (request.Tail is { } tail)
        {
            first = new LogTail(tail).Find(all, out var skip);
            format.Skip = skip;
        }

        for (var i = 0; i < all.Count; i++)
        {
            if (i != first)
            {
                all[i].Dispose();
            }
        }

        return (all[first], newest, end);
    }

    // Once there is a next file this one is complete; only what came since the last look is missing.
    private static async Task<LogFile> SwitchAsync(LogFile file, LogFile next, LogReader reader, CancellationToken cancel)
    {
        try
        {
            await reader.ReadAsync(file, long.MaxValue, cancel).ConfigureAwait(false);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        reader.ReportDamage(file, file.IsCompressed ? 0 : file.Length - file.Position);
        file.Dispose();
        return next;
    }

    private async Task WaitAsync(LogFiles files, LogFile? file, LogSource source, CancellationToken cancel)
    {
        var ended = source.NextEnd();
        using var signal = signals.Arm(files.Directory);
        if (file is null ? File.Exists(files.Path) : file.Length != file.Seen)
        {
            return;
        }

        using var next = file is null ? null : files.OpenAfter(file);
        if (next is null && source.IsProducing())
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(signal.Changed, ended, Task.Delay(Look, time, stop.Token)).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
        }
    }

    private bool IsPast(long? nanoseconds) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100 > nanoseconds;
}
