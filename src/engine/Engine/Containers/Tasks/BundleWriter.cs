using System.Text.Json;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Networks.Names;
using Slipway.Engine.Volumes;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>Writes a container's OCI bundle: resolves what the record names (volumes, images, users, other containers) into what exists now.</summary>
internal sealed class BundleWriter(EnginePaths paths, EngineOptions options, ContainerTable table, VolumeMounts volumes, ImageMounts images, EtcFiles etc, SharedMemory shm, Lazy<SpecFactory> specs)
{
    /// <summary>Writes <c>config.json</c>. The root filesystem is mounted and the bundle directory exists.</summary>
    /// <exception cref="EngineException">An unknown user, a missing mount source, a container that is joined but does not run.</exception>
    internal async Task WriteAsync(Container container)
    {
        var record = container.Record;
        LegacyLink.RequireRunning(record, table);
        BindSources.Ensure(record.Mounts);
        var sources = await volumes.AttachAsync(record.Id, record.Mounts).ConfigureAwait(false);
        etc.Write(record, container.Attachment?.Endpoints ?? []);
        var mounts = images.Mount(record.Id, [.. record.Mounts.Zip(sources, (mount, source) => mount with { Source = source })]);
        var links = LegacyLink.Of(record, container.Attachment?.Endpoints ?? [], table).SelectMany(link => link.Variables(record.Name)).ToList();
        var inputs = Inputs(record, mounts) with { LinkVariables = links, NetworkNamespace = container.Attachment?.NamespacePath ?? Namespace(record.HostConfig.NetworkMode, "network", "net") };
        var spec = specs.Value.Create(inputs);
        await File.WriteAllBytesAsync(Path.Combine(paths.Bundle(record.Id), "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, RuntimeJson.Default.RuntimeSpec)).ConfigureAwait(false);
    }

    private SpecInputs Inputs(ContainerRecord record, IReadOnlyList<ContainerMount> mounts)
    {
        var host = record.HostConfig;
        using var root = SafePath.Open(paths.RootFs(record.Id));
        var files = NamespaceModes.ContainerOf(host.NetworkMode) is { } joined ? Joined(joined, "network").Id : record.Id;
        return new SpecInputs
        {
            Record = record,
            RootFs = paths.RootFs(record.Id),
            User = RootUsers.Resolve(root, record.Config.User, host.GroupAdd ?? []),
            CgroupPath = SpecFactory.CgroupPath(record, options),
            Mounts = mounts,
            IpcNamespace = Namespace(host.IpcMode, "IPC", "ipc"),
            PidNamespace = Namespace(host.PidMode, "PID", "pid"),
            ShmPath = NamespaceModes.ContainerOf(host.IpcMode) is { } ipc ? shm.PathOf(Joined(ipc, "IPC").Id) : shm.Mount(record),
            HostsPath = etc.PathOf(files, "hosts"),
            HostnamePath = etc.PathOf(files, "hostname"),
            ResolvConfPath = etc.PathOf(files, "resolv.conf"),
        };
    }

    private string? Namespace(string mode, string what, string file) =>
        NamespaceModes.ContainerOf(mode) is { } other ? $"/proc/{Joined(other, what).Task.Pid}/ns/{file}" : null;

    private (string Id, TaskHandle Task) Joined(string reference, string what)
    {
        var other = table.Get(reference);
        return other is { IsRunning: true, Task: { } task }
            ? (other.Id, task)
            : throw EngineException.Conflict($"cannot join {what} of a non running container: {other.Id}");
    }
}

/// <summary>The <c>/dev/shm</c> of containers that share their IPC namespace: a tmpfs of the host's, so that others can mount it too.</summary>
internal sealed class SharedMemory(EnginePaths paths)
{
    /// <summary>Where a container's shared memory is mounted.</summary>
    internal string PathOf(string id) => Path.Combine(paths.Bundle(id), "shm");

    /// <summary>Mounts it, if the container is shareable; null otherwise.</summary>
    internal string? Mount(ContainerRecord record)
    {
        if (record.HostConfig.IpcMode != "shareable")
        {
            return null;
        }

        var path = PathOf(record.Id);
        Directory.CreateDirectory(path);
        var size = record.HostConfig.ShmSize.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Mounts.Mount("shm", path, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, $"mode=1777,size={size}");
        return path;
    }

    /// <summary>Unmounts it, if it is mounted.</summary>
    internal void Unmount(string id)
    {
        if (Directory.Exists(PathOf(id)))
        {
            Mounts.UnmountAll(PathOf(id));
        }
    }
}
