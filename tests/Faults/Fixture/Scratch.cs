using System.Diagnostics;
using System.Globalization;

namespace Slipway.Faults.Fixture;

/// <summary>
/// A corner of the machine for one test: roots, a cgroup parent, disks and daemons. Disposing it removes the containers through the API
/// and looks for what that leaves, ends everything in it, and then asserts that no process, mount, loop device or cgroup is left.
/// </summary>
internal sealed class Scratch : IAsyncDisposable
{
    private readonly string _name = $"slipway-faults-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly List<PrivateDaemon> _daemons = [];
    private readonly List<LoopDisk> _disks = [];

    internal Scratch() => Directory.CreateDirectory(Root);

    /// <summary>Everything is below this directory.</summary>
    internal string Root => Path.Combine("/tmp", _name);

    /// <summary>How often a loop runs: <paramref name="usual"/>, or times <c>$SLIPWAY_FAULT_ROUNDS</c> of it.</summary>
    internal static int Rounds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("SLIPWAY_FAULT_ROUNDS"), CultureInfo.InvariantCulture, out var times) && times > 0 ? usual * times : usual;

    /// <summary>Whether images are to be as large as the reliability checks say (<c>SLIPWAY_BIG=1</c>) rather than as small as finds most faults.</summary>
    internal static bool Big => Environment.GetEnvironmentVariable("SLIPWAY_BIG") == "1";

    /// <summary>A running daemon with the busybox image, and this corner around it.</summary>
    internal static async Task<(Scratch Scratch, PrivateDaemon Daemon)> BeginAsync()
    {
        var scratch = new Scratch();
        try
        {
            var daemon = scratch.Daemon();
            await daemon.StartAsync();
            await daemon.LoadAsync(BusyboxImage.Archive());
            return (scratch, daemon);
        }
        catch
        {
            await scratch.DisposeAsync();
            throw;
        }
    }

    /// <summary>A daemon that is not started yet.</summary>
    /// <param name="data">Its data root; null takes one in this corner.</param>
    /// <param name="room">Tells daemons of one corner apart: each has its own exec root and cgroup parent.</param>
    /// <param name="options">Further options.</param>
    internal PrivateDaemon Daemon(string? data = null, string room = "a", params string[] options) => DaemonThrough([], data, room, options);

    /// <summary>A daemon that is not started yet, and will be by another command.</summary>
    /// <param name="launcher">The command; the daemon's command line follows it.</param>
    /// <param name="data">Its data root; null takes one in this corner.</param>
    /// <param name="room">As for <see cref="Daemon"/>.</param>
    /// <param name="options">Further options.</param>
    internal PrivateDaemon DaemonThrough(IReadOnlyList<string> launcher, string? data = null, string room = "a", params string[] options)
    {
        var daemon = new PrivateDaemon(data ?? Path.Combine(Root, "data"), Path.Combine(Root, "run-" + room), CgroupName(room), options) { Launcher = launcher };
        _daemons.Add(daemon);
        return daemon;
    }

    /// <summary>A cgroup of this test for something beside the daemons.</summary>
    internal string CgroupName(string room) => $"/{_name}-{room}";

    /// <summary>A new small disk.</summary>
    internal LoopDisk Disk(int mebibytes = 512, int inodes = 0)
    {
        var disk = LoopDisk.Create(Path.Combine(Root, $"disk{_disks.Count}"), mebibytes, inodes);
        _disks.Add(disk);
        return disk;
    }

    /// <summary>
    /// What a power cut now would leave of a disk. Copying takes a moment, in which a daemon that went on would write: the copy would mix
    /// blocks of different instants, as no power cut does. So the daemons stand still meanwhile.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="whenStill">Notes what has been acknowledged, while nothing moves.</param>
    internal LoopDisk CutPower(LoopDisk disk, Action? whenStill = null)
    {
        var running = _daemons.Where(daemon => daemon.IsRunning).ToList();
        running.ForEach(daemon => daemon.Signal("STOP"));
        try
        {
            whenStill?.Invoke();
            var copy = disk.CutPower(Path.Combine(Root, $"disk{_disks.Count}"));
            _disks.Add(copy);
            return copy;
        }
        finally
        {
            running.ForEach(daemon => daemon.Signal("CONT"));
        }
    }

    /// <summary>Ends a daemon with its containers and gives its disk back, so that many rounds fit into one test.</summary>
    internal async Task DropAsync(PrivateDaemon daemon, LoopDisk disk)
    {
        await daemon.DisposeAsync();
        KillAll(daemon.CgroupParent, daemon.ExecRoot);
        HostLeftovers.Remove(daemon.ExecRoot);
        Unmount(daemon.ExecRoot);
        Unmount(disk.MountPoint);
        _disks.Remove(disk);
        Directory.Delete(Path.GetDirectoryName(disk.Image)!, recursive: true);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var left = new List<string>();
        foreach (var daemon in _daemons)
        {
            left.AddRange(await Leftovers.AfterRemovalAsync(daemon));
            await daemon.DisposeAsync();
            await Wait.UntilAsync("all processes of the test are gone", () => KillAll(daemon.CgroupParent, daemon.ExecRoot) == 0);
        }

        Unmount(Root);
        _daemons.ForEach(daemon => RemoveCgroups(daemon.CgroupParent));
        _daemons.ForEach(daemon => HostLeftovers.Remove(daemon.ExecRoot));
        await Wait.UntilAsync("no loop device of the test is left", () => !Tool.Run("losetup", "-a").Contains(Root, StringComparison.Ordinal));
        Directory.Delete(Root, recursive: true);
        Assert.Empty(Mounts(Root));
        Assert.Empty(CgroupDirectories(_name));
        Assert.Empty(left);
    }

    /// <summary>Mounts at or below a path, deepest first.</summary>
    internal static IReadOnlyList<string> Mounts(string path) =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(target => target == path || target.StartsWith(path + "/", StringComparison.Ordinal)).Reverse()];

    /// <summary>Cgroups in every hierarchy whose top directory's name begins like this.</summary>
    internal static IReadOnlyList<string> CgroupDirectories(string name) =>
        [.. Hierarchies().SelectMany(hierarchy => Directory.GetDirectories(hierarchy, name + "*"))];

    /// <summary>Processes of containers and their monitors: in the cgroups, or naming the run-time root on their command line.</summary>
    internal static IReadOnlyList<int> Processes(string cgroupParent, string execRoot)
    {
        var pids = new List<int>();
        foreach (var directory in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            if (Text(directory + "/cgroup").Contains(cgroupParent + "/", StringComparison.Ordinal) || Text(directory + "/cmdline").Contains(execRoot + "/", StringComparison.Ordinal))
            {
                pids.Add(int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture));
            }
        }

        return pids;
    }

    /// <summary>Kills containers and monitors; returns how many processes there were.</summary>
    internal static int KillAll(string cgroupParent, string execRoot)
    {
        foreach (var frozen in Hierarchies().Select(h => h + cgroupParent).Where(Directory.Exists).SelectMany(d => Directory.GetFiles(d, "freezer.state", SearchOption.AllDirectories)))
        {
            Ignore(() => File.WriteAllText(frozen, "THAWED"));
        }

        var pids = Processes(cgroupParent, execRoot);
        foreach (var pid in pids)
        {
            Ignore(() => Process.GetProcessById(pid).Kill());
        }

        return pids.Count;
    }

    private static void Unmount(string path)
    {
        foreach (var target in Mounts(path))
        {
            Tool.Try("umount", "-l", target);
        }
    }

    /// <summary>Removes a cgroup and those below it from every hierarchy.</summary>
    internal static void RemoveCgroups(string parent)
    {
        foreach (var top in Hierarchies().Select(hierarchy => hierarchy + parent).Where(Directory.Exists))
        {
            foreach (var directory in Directory.GetDirectories(top, "*", SearchOption.AllDirectories).OrderByDescending(d => d.Length).Append(top))
            {
                Ignore(() => Directory.Delete(directory));
            }
        }
    }

    private static IReadOnlyList<string> Hierarchies() =>
        [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - cgroup", StringComparison.Ordinal)).Select(line => line.Split(' ')[4]).Distinct()];

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static void Ignore(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or UnauthorizedAccessException)
        {
            // It went by itself, or goes in the next round; the assertion at the end decides.
        }
    }
}
