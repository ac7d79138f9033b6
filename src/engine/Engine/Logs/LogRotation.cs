using System.IO.Compression;
using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary>
/// Keeps the logs of running containers within their sizes. conmon only ever appends; when its file is large enough the files are renamed and
/// conmon is told to open its file anew, which it does between two writes: no line is lost, doubled or cut. While no daemon runs, logs
/// grow. (conmon's own <c>--log-size-max</c> must not be used: it replaces the file, with the lines in it, and its count goes on
/// across our rotations.) Each request to conmon is made once, since a second one would replace the new file.
/// </summary>
/// <param name="signals">Tells when a log directory changes.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">The daemon's log.</param>
public sealed class LogRotation(DirectorySignals signals, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    // A container that writes as fast as conmon can log.
    private const double FastestBytesPerSecond = 300e6;

    /// <summary>Watches one run of a container; ends with the run.</summary>
    /// <param name="path">The file that conmon writes.</param>
    /// <param name="bundlePath">The bundle, with conmon's <c>ctl</c> fifo.</param>
    /// <param name="settings">Sizes.</param>
    /// <param name="ended">The run ended, or the daemon stops.</param>
    public async Task RunAsync(string path, string bundlePath, LogSettings settings, CancellationToken ended)
    {
        if (!settings.KeepsLog || settings.MaxSize < 0)
        {
            return;
        }

        var files = new LogFiles(path);
        var compression = Task.CompletedTask;
        try
        {
            while (true)
            {
                await GrowAsync(files, settings.MaxSize, ended).ConfigureAwait(false);
                await RotateAsync(files, bundlePath, settings, ended).ConfigureAwait(false);
                if (settings.Compress && compression.IsCompleted)
                {
                    compression = CompressAsync(files, ended);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The run ended.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogError("log rotation of {File} ended: {Reason}", path, e.Message);
        }

        await compression.ConfigureAwait(false);
    }

    // Completes when the file has its size. A quiet log costs nothing; an active one is looked at as often as its speed asks for.
    private async Task GrowAsync(LogFiles files, long size, CancellationToken ended)
    {
        var before = -1L;
        var looked = time.GetTimestamp();
        while (true)
        {
            using var signal = signals.Arm(files.Directory);
            var now = FileStat.OfPath(files.Path)?.Size ?? (File.Exists(files.Numbered(1)) ? size : 0);
            if (now >= size)
            {
                return;
            }

            if (now == before)
            {
                await signal.Changed.WaitAsync(ended).ConfigureAwait(false);
                looked = time.GetTimestamp();
                before = -1;
                continue;
            }

            var seconds = Math.Max(time.GetElapsedTime(looked).TotalSeconds, 1e-3);
            var speed = before < 0 ? FastestBytesPerSecond : Math.Max(2 * (now - before) / seconds, 1);
            (before, looked) = (now, time.GetTimestamp());
            var wait = TimeSpan.FromSeconds(Math.Clamp((size - now) / speed, Shortest.TotalSeconds, Longest.TotalSeconds));
            await Task.Delay(wait, time, ended).ConfigureAwait(false);
        }
    }

    private async Task RotateAsync(LogFiles files, string bundlePath, LogSettings settings, CancellationToken ended)
    {
        // Missing: an earlier daemon renamed it and did not come to tell conmon.
        if (File.Exists(files.Path))
        {
            files.Shift(settings.MaxFiles);
        }

        TellToReopen(bundlePath);
        for (var wait = 1.0; !File.Exists(files.Path); wait = Math.Min(wait * 1.5, 100))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(wait), time, ended).ConfigureAwait(false);
        }

        files.Trim(settings.MaxFiles - 1);
    }

    private static void TellToReopen(string bundlePath)
    {
        try
        {
            using var control = new FileStream(Fifo.OpenWrite(Path.Combine(bundlePath, "ctl")), FileAccess.Write, bufferSize: 0);
            control.Write("2 0 0\n"u8);
        }
        catch (LinuxException e) when (e.Errno == Errno.NoDeviceOrAddress || e.IsNotFound)
        {
            // conmon has just ended, and the run with it.
        }
    }

    private async Task CompressAsync(LogFiles files, CancellationToken ended)
    {
        var staging = files.Path + ".gz.tmp";
        foreach (var file in files.OpenUncompressed())
        {
            using (file)
            {
                try
                {
                    await CopyAsync(file, staging, ended).ConfigureAwait(false);
                    if (!files.Replace(file.Inode, staging))
                    {
                        File.Delete(staging);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
                {
                    logger.LogWarning("log file {File} stays uncompressed: {Reason}", file.Name, e.Message);
                    File.Delete(staging);
                }
            }
        }
    }

    private static async Task CopyAsync(LogFile file, string target, CancellationToken ended)
    {
        var output = File.Create(target);
        await using (output.ConfigureAwait(false))
        {
            var packed = new GZipStream(output, CompressionLevel.Fastest);
            await using (packed.ConfigureAwait(false))
            {
                var buffer = new byte[64 << 10];
                for (int count; (count = file.Read(buffer)) > 0;)
                {
                    await packed.WriteAsync(buffer.AsMemory(0, count), ended).ConfigureAwait(false);
                }
            }
        }
    }
}
