using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Tells when the OOM killer strikes in a cgroup. Version 2: changes of <c>memory.events</c>; version 1: an eventfd registered for
/// <c>memory.oom_control</c> (cgroups(7), the kernel's admin-guide/cgroup-v1/memory.rst).
/// </summary>
public sealed class OomWatch : IDisposable
{
    private readonly string cgroupPath;
    private readonly Action struck;
    private readonly Lock gate = new();
    private IDisposable? watching;
    private IDisposable? source;
    private long seen;
    private bool disposed;

    private OomWatch(string cgroupPath, Action struck) => (this.cgroupPath, this.struck) = (cgroupPath, struck);

    /// <summary>Begins to watch; null when the cgroup has no memory controller or is gone.</summary>
    /// <param name="watch">Waits for the kernel's sign.</param>
    /// <param name="cgroupPath">The cgroup, relative to every hierarchy's root.</param>
    /// <param name="struck">Called on the thread pool, once for each sign.</param>
    public static OomWatch? Begin(ProcessWatch watch, string cgroupPath, Action struck)
    {
        if (Cgroups.ControllerPath("memory", cgroupPath) is not { } directory || !Directory.Exists(directory))
        {
            return null;
        }

        var begun = new OomWatch(cgroupPath, struck) { seen = Cgroups.OomKills(cgroupPath) };
        try
        {
            if (Cgroups.Mode == CgroupMode.V2)
            {
                begun.Follow(watch, directory + "/memory.events");
            }
            else
            {
                begun.Register(watch, directory);
            }

            return begun;
        }
        catch (Exception gone) when (gone is IOException or LinuxException)
        {
            begun.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watching?.Dispose();
        lock (gate)
        {
            disposed = true;
            source?.Dispose();
        }
    }

    private void Follow(ProcessWatch watch, string events)
    {
        var inotify = new Inotify(watch);
        source = inotify;
        watching = inotify.Watch(events, InotifyMask.Modify, _ => TellKills());
    }

    private void Register(ProcessWatch watch, string directory)
    {
        var sign = Descriptors.Own(PollCalls.CreateEvent(0, PollCalls.CloseOnExec | PollCalls.NonBlocking), "eventfd");
        source = sign;
        using var control = File.OpenHandle(directory + "/memory.oom_control");
        File.WriteAllText(directory + "/cgroup.event_control", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{sign.DangerousGetHandle()} {control.DangerousGetHandle()}"));
        watching = watch.OnReadable(sign, () => Hear(sign, directory), oneShot: false);
    }

    // The sign comes before the kill that it announces, and once more when the cgroup is removed.
    private void Hear(SafeFileHandle sign, string directory)
    {
        lock (gate)
        {
            // The sign of the removal may come while the watch ends.
            if (disposed)
            {
                return;
            }

            FileCalls.Read(sign, new byte[8], 8);
        }

        // The group's directories of other hierarchies may still be there: they are removed one after the other.
        if (Directory.Exists(directory))
        {
            struck();
        }
    }

    private void TellKills()
    {
        lock (gate)
        {
            var kills = Cgroups.OomKills(cgroupPath);
            if (kills <= seen)
            {
                return;
            }

            seen = kills;
        }

        struck();
    }
}
