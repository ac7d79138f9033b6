using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

public static partial class Cgroups
{
    private static readonly TimeSpan MigrationInterval = TimeSpan.FromMilliseconds(4);
    private static readonly long MigrationLinger = System.Diagnostics.Stopwatch.Frequency / 4;
    private static readonly Lazy<SafeFileHandle?> OwnProcesses = new(OpenOwnProcesses);
    private static long _migrateUntil;
    private static int _migrating;

    /// <summary>
    /// Makes moves between groups quick for the next quarter of a second. A move takes a kernel lock (cgroup_threadgroup_rwsem) whose first
    /// writer after a quiet time waits for an RCU grace period, 5-15 ms; those that follow within some milliseconds do not. Called when a
    /// process is about to be created, this moves ourselves to where we are, again and again, so that the wait passes while the runtime is
    /// still starting and the next one finds the lock ready. Returns at once; costs about 1 % of a processor while it lasts.
    /// </summary>
    public static void ExpectMigration()
    {
        Volatile.Write(ref _migrateUntil, System.Diagnostics.Stopwatch.GetTimestamp() + MigrationLinger);
        if (Interlocked.Exchange(ref _migrating, 1) == 0)
        {
            new Thread(MigrateForAWhile, maxStackSize: 128 << 10) { IsBackground = true, Name = "cgroup-moves" }.Start();
        }
    }

    private static void MigrateForAWhile()
    {
        while (System.Diagnostics.Stopwatch.GetTimestamp() < Volatile.Read(ref _migrateUntil))
        {
            MigrateToOwnGroup();
            Thread.Sleep(MigrationInterval);
        }

        Volatile.Write(ref _migrating, 0);
    }

    private static void MigrateToOwnGroup()
    {
        try
        {
            if (OwnProcesses.Value is { } file)
            {
                RandomAccess.Write(file, "0"u8, 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A group that takes no processes has still taken the lock, which is all this is for.
        }
    }

    private static SafeFileHandle? OpenOwnProcesses()
    {
        foreach (var line in File.ReadLines("/proc/self/cgroup", Encoding.UTF8))
        {
            if (line.Split(':', 3) is [_, var controllers, var path] && Found.Value.Roots.TryGetValue(controllers.Split(',')[0], out var root))
            {
                var file = root + path.TrimEnd('/') + "/cgroup.procs";
                return File.Exists(file) ? File.OpenHandle(file, FileMode.Open, FileAccess.Write) : null;
            }
        }

        return null;
    }
}
