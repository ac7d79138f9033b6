using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers;
using Slipway.Engine.Events;
using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>
/// Makes volumes ready for running containers: the device of a volume with options is mounted when its first container starts and
/// unmounted when the last one ends; a path inside a volume is held by a bind mount, so that nobody can swap it for a link.
/// </summary>
public sealed class VolumeMounts(VolumeTable table, EnginePaths paths, EventLog events, ILogger log)
{
    private readonly Dictionary<string, HashSet<string>> _users = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Notes that containers of an earlier run are using volumes.</summary>
    public void Restore(IEnumerable<(string ContainerId, string Volume)> users)
    {
        lock (_lock)
        {
            foreach (var (containerId, volume) in users)
            {
                Use(volume, containerId);
            }
        }
    }

    /// <summary>Makes a container's volumes ready before it starts.</summary>
    /// <param name="containerId">The container; <see cref="ReleaseAsync"/> takes everything back.</param>
    /// <param name="mounts">All its mounts.</param>
    /// <returns>The host path to mount, for each of <paramref name="mounts"/>; that of other mounts than volumes is their own source.</returns>
    /// <exception cref="EngineException">A device cannot be mounted, a path inside a volume does not exist, data is missing. Nothing is left.</exception>
    public async Task<IReadOnlyList<string>> AttachAsync(string containerId, IReadOnlyList<ContainerMount> mounts)
    {
        var sources = new string[mounts.Count];
        try
        {
            for (var i = 0; i < mounts.Count; i++)
            {
                sources[i] = mounts[i].Type == "volume" ? await PrepareAsync(containerId, mounts[i], i).ConfigureAwait(false) : mounts[i].Source;
            }
        }
        catch
        {
            await ReleaseAsync(containerId).ConfigureAwait(false);
            throw;
        }

        foreach (var mount in mounts.Where(mount => mount.Type == "volume"))
        {
            events.Publish("volume", "mount", mount.Name, new Dictionary<string, string>
            {
                ["driver"] = mount.Driver,
                ["container"] = containerId,
                ["destination"] = mount.Destination,
                ["read/write"] = mount.ReadWrite ? "true" : "false",
                ["propagation"] = mount.Propagation,
            });
        }

        return sources;
    }

    /// <summary>Takes back what <see cref="AttachAsync"/> did, once the container's process is gone.</summary>
    public async Task ReleaseAsync(string containerId)
    {
        foreach (var held in EnumerateSubpaths(containerId))
        {
            Mounts.UnmountAll(held);
        }

        foreach (var name in UsedBy(containerId))
        {
            await LeaveAsync(name, containerId).ConfigureAwait(false);
            events.Publish("volume", "unmount", name, new Dictionary<string, string> { ["driver"] = Volume.LocalDriver, ["container"] = containerId });
        }
    }

    /// <summary>Runs an action while a volume's device is mounted; for work on a volume that no container runs with.</summary>
    internal async Task WithMountedAsync(Volume volume, string user, Action action)
    {
        await UseAsync(volume, user).ConfigureAwait(false);
        try
        {
            await OnOwnThread(action).ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync(volume.Name, user).ConfigureAwait(false);
        }
    }

    /// <summary>Unmounts what a crash may have left at the mount point of a volume that nobody uses.</summary>
    internal void Detach(Volume volume)
    {
        lock (_lock)
        {
            if (volume.HasDevice && !_users.ContainsKey(volume.Name))
            {
                Mounts.UnmountAll(volume.Mountpoint);
            }
        }
    }

    private async Task<string> PrepareAsync(string containerId, ContainerMount mount, int index)
    {
        var volume = table.Get(mount.Name);
        await UseAsync(volume, containerId).ConfigureAwait(false);
        return mount.Subpath.Length == 0 ? volume.Mountpoint : HeldSubpath.Bind(volume.Mountpoint, mount.Subpath, Path.Combine(Subpaths(containerId), $"{index}"));
    }

    private async Task UseAsync(Volume volume, string user)
    {
        var gate = await table.EnterAsync(volume.Name).ConfigureAwait(false);
        try
        {
            if (!Directory.Exists(volume.Mountpoint))
            {
                throw new EngineException(ErrorKind.Damaged, $"error while mounting volume '{volume.Mountpoint}': no such file or directory");
            }

            if (volume.HasDevice)
            {
                await OnOwnThread(() => DeviceMount.Mount(volume)).ConfigureAwait(false);
            }

            lock (_lock)
            {
                Use(volume.Name, user);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task LeaveAsync(string name, string user)
    {
        var gate = await table.EnterAsync(name).ConfigureAwait(false);
        try
        {
            if (LeaveLast(name, user) && table.Find(name) is { HasDevice: true } volume)
            {
                Mounts.UnmountAll(volume.Mountpoint);
            }
        }
        catch (LinuxException e)
        {
            log.LogWarning("volume {Name} cannot be unmounted: {Reason}", name, e.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    private bool LeaveLast(string name, string user)
    {
        lock (_lock)
        {
            return _users.TryGetValue(name, out var users) && users.Remove(user) && users.Count == 0 && _users.Remove(name);
        }
    }

    private List<string> UsedBy(string containerId)
    {
        lock (_lock)
        {
            return [.. _users.Where(pair => pair.Value.Contains(containerId)).Select(pair => pair.Key)];
        }
    }

    private void Use(string volume, string user)
    {
        if (!_users.TryGetValue(volume, out var users))
        {
            _users[volume] = users = new HashSet<string>(StringComparer.Ordinal);
        }

        users.Add(user);
    }

    private string Subpaths(string containerId) => Path.Combine(paths.Bundle(containerId), "subpaths");

    private string[] EnumerateSubpaths(string containerId) =>
        Directory.Exists(Subpaths(containerId)) ? Directory.GetFileSystemEntries(Subpaths(containerId)) : [];

    private static Task OnOwnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
