using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary>A container's live process: what is needed to signal, watch, attach to and account for it.</summary>
/// <param name="pid">Its init's process id on the host.</param>
/// <param name="process">A handle to exactly that process, whatever happens to the number.</param>
/// <param name="bundlePath">The bundle directory with conmon's <c>attach</c> socket and <c>ctl</c> fifo.</param>
/// <param name="cgroupPath">The container's cgroup, relative to every hierarchy's root.</param>
public sealed class TaskHandle(int pid, Pidfd process, string bundlePath, string cgroupPath) : IDisposable
{
    /// <summary>The init's process id on the host.</summary>
    public int Pid { get; } = pid;

    /// <summary>A handle to the init process.</summary>
    public Pidfd Process { get; } = process;

    /// <summary>The bundle directory.</summary>
    public string BundlePath { get; } = bundlePath;

    /// <summary>The cgroup, relative to every hierarchy's root.</summary>
    public string CgroupPath { get; } = cgroupPath;

    /// <summary>A handle to the container's conmon; null when it is gone.</summary>
    public Pidfd? Monitor { get; init; }

    /// <summary>conmon's process id; 0 when it is gone.</summary>
    public int MonitorPid { get; init; }

    /// <summary>The network namespace that the engine made for it; null for another's, or when it was made by an earlier daemon. Not disposed with this.</summary>
    internal SafeFileHandle? NetworkNamespace { get; set; }

    /// <summary>The removal of its root filesystem from the host's mount table, which goes on while it runs.</summary>
    internal Task LeftHost { get; set; } = Task.CompletedTask;

    /// <summary>Tells of kills for want of memory while it runs; null where nothing limits it. Disposed with this.</summary>
    internal OomWatch? OomWatch { get; set; }

    /// <summary>Whether an <c>oom</c> event was published.</summary>
    internal bool OomTold { get; set; }

    /// <summary>Start time of the init, in clock ticks since boot.</summary>
    public ulong StartTicks { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        OomWatch?.Dispose();
        Process.Dispose();
        Monitor?.Dispose();
    }
}
