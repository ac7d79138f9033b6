using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Networks;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>How a task ended.</summary>
/// <param name="Code">Exit code; 255 when it could not be learnt.</param>
/// <param name="Error">What went wrong beyond the process itself, or empty.</param>
/// <param name="OomKilled">Whether the OOM killer struck in the container's cgroup.</param>
/// <param name="FinishedAt">When it ended.</param>
internal readonly record struct TaskEnd(int Code, string Error, bool OomKilled, DateTimeOffset FinishedAt);

/// <summary>
/// Makes a container's process and takes it apart again. Order of making: root filesystem, files that the engine provides, bundle,
/// monitor; each step's undo is in <see cref="DiscardAsync"/>, which may run after any of them.
/// </summary>
internal sealed class TaskLauncher(EnginePaths paths, EngineOptions options, ConmonMonitor monitor, RootFileSystem rootFileSystem, BundleWriter bundles, SharedMemory shm, VolumeMounts volumes, ImageMounts images, ContainerNetworking networking, ProcessWatch watch, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Creates the process; it waits until <see cref="ReleaseAsync"/> lets it run.</summary>
    internal async Task<TaskHandle> CreateAsync(Container container)
    {
        var record = container.Record;
        var bundle = paths.Bundle(container.Id);
        ForgetExit(container.Id);
        await ForgetRunAsync(container.Id).ConfigureAwait(false);
        Directory.CreateDirectory(bundle);
        rootFileSystem.Mount(record);
        container.Attachment = await networking.AttachAsync(container).ConfigureAwait(false);
        await bundles.WriteAsync(container).ConfigureAwait(false);
        var pid = await monitor.CreateAsync(Request(record, bundle), CancellationToken.None).ConfigureAwait(false);
        if (record.HostConfig.BlkioWeight > 0)
        {
            Cgroups.SetBlockWeight(CgroupPath(record), record.HostConfig.BlkioWeight);
        }

        return Handle(pid, bundle, CgroupPath(record))
            ?? throw RuntimeErrors.CreateFailed("container process ended before it was started");
    }

    /// <summary>
    /// Lets a created process run its program. What the runtime's <c>start</c> would do is done here without it: runc's init waits in an
    /// open of <c>exec.fifo</c> for a reader, crun's waits for a byte from it.
    /// </summary>
    internal async Task ReleaseAsync(Container container, TaskHandle task)
    {
        var fifo = Path.Combine(paths.RuntimeState, container.Id, "exec.fifo");
        var runtime = options.RuntimePath(container.Record.HostConfig.Runtime);
        try
        {
            if (!OciRuntimes.IsRunc(runtime))
            {
                await (OciRuntimes.IsCrun(runtime) ? WriteByteAsync(fifo) : RunStartAsync(runtime, container)).ConfigureAwait(false);
                return;
            }

            using var reader = Fifo.OpenReadNonBlocking(fifo);
            if (!await Task.Run(() => Fifo.WaitReadable([reader, task.Process.Handle], StartTimeout)).ConfigureAwait(false))
            {
                throw RuntimeErrors.CreateFailed("timed out waiting for the container's process to start");
            }
        }
        catch (LinuxException e)
        {
            throw RuntimeErrors.CreateFailed($"cannot start the container's process: {e.Message}");
        }

        File.Delete(fifo);
    }

    /// <summary>
    /// Takes the root filesystem of a running container out of the host's mount table; its own namespace keeps it. Every start copies that
    /// table and reads it, so that what runs must not make it longer.
    /// </summary>
    internal void LeaveHost(string id, TaskHandle task) => task.LeftHost = Task.Run(() =>
    {
        try
        {
            rootFileSystem.Unmount(id);
        }
        catch (LinuxException e)
        {
            log.LogWarning("container {Id}: its root filesystem stays in the host's mount table: {Reason}", id, e.Message);
        }
    });

    private static async Task WriteByteAsync(string fifo)
    {
        await using var writer = new FileStream(Fifo.OpenWrite(fifo), FileAccess.Write, bufferSize: 0);
        File.Delete(fifo);
        writer.WriteByte(0);
    }

    private async Task RunStartAsync(string runtime, Container container)
    {
        var result = await Spawn.RunAsync(runtime, [runtime, .. options.ArgumentsOf(container.Record.HostConfig.Runtime), "--root", paths.RuntimeState, "start", container.Id], ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], watch, default, 64 << 10, StartTimeout).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw RuntimeErrors.CreateFailed(System.Text.Encoding.UTF8.GetString(result.Error));
        }
    }

    /// <summary>The handle of a process of an earlier daemon, or null when that process is gone.</summary>
    internal TaskHandle? Adopt(ContainerRecord record)
    {
        var handle = Handle(record.State.Pid, paths.Bundle(record.Id), CgroupPath(record));
        if (handle is null || (record.State.StartTicks != 0 && handle.StartTicks != record.State.StartTicks))
        {
            handle?.Dispose();
            return null;
        }

        LeaveHost(record.Id, handle);
        return handle;
    }

    /// <summary>
    /// Learns how a task ended and frees what it held. The slow part goes on in <see cref="Container.Cleanup"/>. What the monitor wrote
    /// about the end stays until <see cref="ForgetExit"/>, since the row may not be written.
    /// </summary>
    internal async Task<TaskEnd> CollectAsync(Container container, TaskHandle? task)
    {
        var record = container.Record;
        var orphaned = task is { Process.HasExited: false };
        if (orphaned)
        {
            log.LogWarning("container {Id}: its monitor is gone; the container is killed", container.Id);
            task!.Process.Signal(9);
        }

        var oom = Cgroups.OomKills(CgroupPath(record)) > 0;
        var exit = ReadExit(container.Id);
        await DiscardAsync(container, task, keepExit: true).ConfigureAwait(false);
        return new TaskEnd(
            exit?.Code ?? (orphaned || oom ? 137 : 255),
            exit is null && orphaned ? "the container's monitor was killed" : "",
            oom,
            exit?.At ?? time.GetUtcNow());
    }

    /// <summary>Frees everything that a run, finished or failed half-way, holds in the kernel and on the exec root.</summary>
    /// <param name="container">The container.</param>
    /// <param name="task">Its task, where there is one.</param>
    /// <param name="keepExit">Whether to keep what the monitor wrote about the end.</param>
    internal async Task DiscardAsync(Container container, TaskHandle? task, bool keepExit = false)
    {
        var id = container.Id;
        var cgroup = CgroupPath(container.Record);
        container.Attaches.End();
        if (task is not null)
        {
            await task.LeftHost.ConfigureAwait(false);
        }

        shm.Unmount(id);
        images.Unmount(id);
        rootFileSystem.Unmount(id);
        await volumes.ReleaseAsync(id).ConfigureAwait(false);
        var attachment = container.Attachment;
        container.Attachment = null;
        attachment?.Sandbox.Dispose();
        var disconnected = networking.DetachAsync(id, attachment?.Endpoints ?? container.Record.Endpoints, attachment?.Ports ?? container.Record.Ports, task?.NetworkNamespace);
        container.Cleanup = Task.WhenAll(disconnected, Task.Run(() => DestroyAsync(id, cgroup, task, keepExit)));
    }

    private string CgroupPath(ContainerRecord record) => SpecFactory.CgroupPath(record, options);

    private async Task DestroyAsync(string id, string cgroup, TaskHandle? task, bool keepExit)
    {
        try
        {
            Cgroups.KillAll(cgroup);
            Cgroups.Remove(cgroup);
            await ForgetRunAsync(id).ConfigureAwait(false);
            if (!keepExit)
            {
                ForgetExit(id);
            }

            task?.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("container {Id}: leftovers of its last run remain: {Reason}", id, e.Message);
        }
    }

    /// <summary>Removes what the monitor wrote about the end of the last run.</summary>
    internal void ForgetExit(string id) => File.Delete(Path.Combine(paths.Exits, id));

    /// <summary>Removes all that monitor and runtime wrote about a container that is gone, once its last run is taken apart.</summary>
    internal async Task ForgetAsync(Container container)
    {
        try
        {
            await container.Cleanup.ConfigureAwait(false);
            await ForgetRunAsync(container.Id).ConfigureAwait(false);
            ForgetExit(container.Id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("container {Id}: leftovers of its last run remain: {Reason}", container.Id, e.Message);
        }
    }

    private async Task ForgetRunAsync(string id)
    {
        await RunDirectory.DeleteAsync(Path.Combine(paths.RuntimeState, id), time).ConfigureAwait(false);
        await RunDirectory.DeleteAsync(paths.Bundle(id), time).ConfigureAwait(false);
    }

    private MonitorRequest Request(ContainerRecord record, string bundle) => new(
        record.Id,
        bundle,
        paths.Exits,
        options.RuntimePath(record.HostConfig.Runtime),
        options.ArgumentsOf(record.HostConfig.Runtime),
        record.HostConfig.LogConfig.Type == "none" ? null : paths.Log(record.Id),
        record.Config.Tty,
        record.Config.OpenStdin,
        record.Config.OpenStdin && !record.Config.StdinOnce);

    private static TaskHandle? Handle(int pid, string bundle, string cgroup)
    {
        if (pid <= 0 || Pidfd.Open(pid) is not { } process)
        {
            return null;
        }

        // The descriptor is taken first: if the number still shows the expected process now, the descriptor is that process.
        var stat = ProcStat.Read(pid);
        var monitorPid = ReadPid(Path.Combine(bundle, "conmon.pid"));
        return new TaskHandle(pid, process, bundle, cgroup)
        {
            MonitorPid = monitorPid,
            Monitor = monitorPid > 0 ? Pidfd.Open(monitorPid) : null,
            StartTicks = stat?.StartTimeTicks ?? 0,
        };
    }

    private static int ReadPid(string path) =>
        File.Exists(path) && int.TryParse(File.ReadAllText(path), out var pid) ? pid : 0;

    private (int Code, DateTimeOffset At)? ReadExit(string id)
    {
        var file = new FileInfo(Path.Combine(paths.Exits, id));
        return file.Exists && int.TryParse(File.ReadAllText(file.FullName), out var code)
            ? (code, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero))
            : null;
    }
}
