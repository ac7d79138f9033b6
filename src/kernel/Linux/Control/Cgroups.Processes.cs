using System.Diagnostics;
using System.Globalization;
using Slipway.Linux.Native;

namespace Slipway.Linux;

public static partial class Cgroups
{
    /// <summary>Lets a group have as many processes as the machine can.</summary>
    public static void LiftProcessLimit(string cgroupPath)
    {
        if (ControllerPath("pids", cgroupPath) is { } directory)
        {
            CgroupFiles.TryWrite(directory + "/pids.max", "max");
        }
    }

    /// <summary>Sets a group's share of block device time on the v1 hierarchy, where the file has the scheduler's name.</summary>
    /// <param name="cgroupPath">The group.</param>
    /// <param name="weight">10 to 1000.</param>
    public static void SetBlockWeight(string cgroupPath, int weight)
    {
        if (Mode != CgroupMode.V2 && ControllerPath("blkio", cgroupPath) is { } directory)
        {
            var file = File.Exists(directory + "/blkio.bfq.weight") ? "/blkio.bfq.weight" : "/blkio.weight";
            CgroupFiles.TryWrite(directory + file, weight.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Stops every process of the group and returns when all stand still. Blocks up to 2 s.</summary>
    /// <exception cref="TimeoutException">Some process did not stop; the group is thawed again.</exception>
    public static void Freeze(string cgroupPath)
    {
        if (Until(() => Freezing(cgroupPath, "FROZEN", "1") && IsFrozen(cgroupPath)))
        {
            return;
        }

        Thaw(cgroupPath);
        throw new TimeoutException($"cgroup {cgroupPath} did not freeze");
    }

    /// <summary>Lets the group's processes run again.</summary>
    public static void Thaw(string cgroupPath)
    {
        if (!Until(() => Freezing(cgroupPath, "THAWED", "0") && !IsFrozen(cgroupPath)))
        {
            throw new TimeoutException($"cgroup {cgroupPath} did not thaw");
        }
    }

    /// <summary>True when all processes of the group stand still.</summary>
    public static bool IsFrozen(string cgroupPath)
    {
        var path = ControllerPath("freezer", cgroupPath);
        return path is not null && (Mode == CgroupMode.V2
            ? CgroupFiles.Map(path + "/cgroup.events").GetValueOrDefault("frozen") == 1
            : CgroupFiles.Text(path + "/freezer.state") == "FROZEN");
    }

    /// <summary>The group's processes as this PID namespace numbers them.</summary>
    public static IReadOnlyList<int> Processes(string cgroupPath, bool recursive)
    {
        var found = new SortedSet<int>();
        foreach (var directory in Directories(cgroupPath))
        {
            Collect(directory, recursive, found);
        }

        found.Remove(0);
        return found.ToList();
    }

    /// <summary>Kills everything in the group and below, new children included, and waits until it is empty. Blocks up to 2 s.</summary>
    /// <returns>True when nothing is left.</returns>
    public static bool KillAll(string cgroupPath)
    {
        var whole = Directories(cgroupPath).Select(d => d + "/cgroup.kill").FirstOrDefault(File.Exists);
        return Until(() =>
        {
            if (whole is not null)
            {
                CgroupFiles.TryWrite(whole, "1");
            }

            var left = Processes(cgroupPath, recursive: true);
            foreach (var pid in left)
            {
                ProcessCalls.Kill(pid, Signals.Kill);
            }

            // A frozen process of v1 dies only when it runs again.
            if (left.Count > 0 && Mode != CgroupMode.V2 && Directory.Exists(ControllerPath("freezer", cgroupPath)))
            {
                Freezing(cgroupPath, "THAWED", "0");
            }

            return left.Count == 0;
        });
    }

    /// <summary>Removes the group and the groups below from every hierarchy. Blocks up to 2 s for processes that are still ending.</summary>
    /// <exception cref="LinuxException">EBUSY: processes remain.</exception>
    public static void Remove(string cgroupPath)
    {
        foreach (var directory in Directories(cgroupPath).ToList())
        {
            LinuxException? busy = null;
            if (!Until(() => (busy = RemoveDirectory(directory)) is null))
            {
                throw busy!;
            }
        }
    }

    /// <summary>How many processes of the group the kernel has killed for lack of memory.</summary>
    public static long OomKills(string cgroupPath)
    {
        var path = ControllerPath("memory", cgroupPath);
        return path is null ? 0
            : (long)CgroupFiles.Map(path + (Mode == CgroupMode.V2 ? "/memory.events" : "/memory.oom_control")).GetValueOrDefault("oom_kill");
    }

    private static bool Freezing(string cgroupPath, string v1, string v2)
    {
        var path = ControllerPath("freezer", cgroupPath) ?? throw new LinuxException("freeze", cgroupPath, Errno.NotSupported);
        if (!Directory.Exists(path))
        {
            throw new LinuxException("freeze", cgroupPath, Errno.NoEntry);
        }

        return Mode == CgroupMode.V2 ? CgroupFiles.TryWrite(path + "/cgroup.freeze", v2) : CgroupFiles.TryWrite(path + "/freezer.state", v1);
    }

    private static void Collect(string directory, bool recursive, SortedSet<int> into)
    {
        try
        {
            foreach (var line in File.ReadLines(directory + "/cgroup.procs"))
            {
                into.Add(int.Parse(line, CultureInfo.InvariantCulture));
            }

            if (recursive)
            {
                Array.ForEach(Directory.GetDirectories(directory), d => Collect(d, recursive, into));
            }
        }
        catch (IOException)
        {
            // The group has gone meanwhile, or is threaded and lists no processes.
        }
    }

    private static LinuxException? RemoveDirectory(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        foreach (var child in ChildDirectories(directory))
        {
            if (RemoveDirectory(child) is { } busy)
            {
                return busy;
            }
        }

        if (FileCalls.UnlinkAt(Descriptors.WorkingDirectory, PathText.Terminated(directory), FileCalls.AtRemoveDirectory) == 0)
        {
            return null;
        }

        var failure = LinuxException.Last("rmdir", directory);
        return failure.IsNotFound ? null : failure.IsBusy ? failure : throw failure;
    }

    private static string[] ChildDirectories(string directory)
    {
        try
        {
            return Directory.GetDirectories(directory);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static bool Until(Func<bool> reached)
    {
        var watch = Stopwatch.StartNew();
        while (!reached())
        {
            if (watch.Elapsed > Patience)
            {
                return false;
            }

            Thread.Sleep(Pause);
        }

        return true;
    }
}
