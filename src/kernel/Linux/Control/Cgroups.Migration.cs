using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

public static partial class Cgroups
{
    private static readonly Lazy<SafeFileHandle?> OwnProcesses = new(OpenOwnProcesses);
    private static int _migrating;

    /// <summary>
    /// Makes moves between groups quick for the next few milliseconds. A move takes a kernel lock (cgroup_threadgroup_rwsem) whose first
    /// writer after a quiet time waits for an RCU grace period, 5-15 ms; those that follow soon do not. Called when a process is about to
    /// be created, this moves ourselves to where we are, so that the wait passes while the runtime is still starting. Returns at once.
    /// </summary>
    public static void ExpectMigration()
    {
        if (Interlocked.Exchange(ref _migrating, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => MigrateToOwnGroup(), null);
        }
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
        finally
        {
            Volatile.Write(ref _migrating, 0);
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
