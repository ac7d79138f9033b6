using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Cleanup;

/// <summary>
/// 64 MiB of the data root kept back, so that on a full disk things can still be deleted: whoever meets "no space left on device" while
/// deleting releases it and tries again. It is taken back when there is room.
/// </summary>
public sealed class ReserveFile(EnginePaths paths, ILogger log)
{
    /// <summary>Bytes kept back.</summary>
    public const long Size = 64 << 20;

    // Taken back only when this much is free, so that the reserve itself never fills the disk.
    private const long Comfortable = 4 * Size;

    private readonly Lock _lock = new();
    private readonly string _path = Path.Combine(paths.DataRoot, "reserve");

    /// <summary>Whether the reserve is held.</summary>
    public bool IsHeld => FileStat.OfPath(_path) is { } stat && stat.Blocks * 512 >= Size;

    /// <summary>Gives the reserved space back to the file system. True when that freed something, so that trying again makes sense.</summary>
    public bool Release()
    {
        lock (_lock)
        {
            if (!File.Exists(_path))
            {
                return false;
            }

            File.Delete(_path);
            log.LogWarning("{Path} released: the disk is full", _path);
            return true;
        }
    }

    /// <summary>Takes the reserve if it is missing and there is room.</summary>
    public void Restore()
    {
        lock (_lock)
        {
            if (IsHeld || new DriveInfo(paths.DataRoot).AvailableFreeSpace < Comfortable)
            {
                return;
            }

            try
            {
                File.Delete(_path);
                using var file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.Write, preallocationSize: Size);
            }
            catch (IOException e)
            {
                File.Delete(_path);
                log.LogWarning("{Path} cannot be reserved: {Reason}", _path, e.Message);
            }
        }
    }

    /// <summary>Runs a deletion; when the disk is full for it, releases the reserve and runs it once more.</summary>
    public void Run(Action deletion)
    {
        try
        {
            deletion();
        }
        catch (Exception e) when (IsNoSpace(e) && Release())
        {
            deletion();
        }
    }

    /// <summary>As <see cref="Run"/>, for deletions that wait for something.</summary>
    public async Task RunAsync(Func<Task> deletion)
    {
        try
        {
            await deletion().ConfigureAwait(false);
        }
        catch (Exception e) when (IsNoSpace(e) && Release())
        {
            await deletion().ConfigureAwait(false);
        }
    }

    /// <summary>Whether a failure, or what caused it, is a full disk or quota.</summary>
    public static bool IsNoSpace(Exception? failure) => failure switch
    {
        null => false,
        LinuxException linux => linux.IsNoSpace,
        SqliteException { SqliteErrorCode: 13 } => true,
        IOException { HResult: Errno.NoSpace or Errno.Quota } => true,
        _ => IsNoSpace(failure.InnerException),
    };
}
