namespace Slipway.Engine.Containers.Spec;

/// <summary>Everything the runtime specification of one start is made from. Whoever starts the container has prepared the paths.</summary>
public sealed record SpecInputs
{
    /// <summary>The container; its mounts' sources are replaced by <see cref="Mounts"/>.</summary>
    public required ContainerRecord Record { get; init; }

    /// <summary>Absolute path of the mounted root filesystem.</summary>
    public required string RootFs { get; init; }

    /// <summary>Who the container runs as.</summary>
    public required ResolvedUser User { get; init; }

    /// <summary>Path below every cgroup hierarchy; see <see cref="SpecFactory.CgroupPath"/>.</summary>
    public required string CgroupPath { get; init; }

    /// <summary>The mounts with existing host sources (sub-paths resolved), parents before children.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    /// <summary>Network namespace to join; null for a new one. Unused with the host's network.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>IPC namespace of the container that is joined (<c>/proc/PID/ns/ipc</c>), or null.</summary>
    public string? IpcNamespace { get; init; }

    /// <summary>Pid namespace of the container that is joined, or null.</summary>
    public string? PidNamespace { get; init; }

    /// <summary>
    /// Host path of a tmpfs for <c>/dev/shm</c>: a shareable container's own, or that of the container whose IPC namespace is joined.
    /// Null makes a private one; ignored when IPC is the host's.
    /// </summary>
    public string? ShmPath { get; init; }

    /// <summary>Variables of links on the default bridge; what image and user set replaces them.</summary>
    public IReadOnlyList<string> LinkVariables { get; init; } = [];

    /// <summary>Host file for <c>/etc/hosts</c>, or null to keep the image's.</summary>
    public string? HostsPath { get; init; }

    /// <summary>Host file for <c>/etc/hostname</c>, or null to keep the image's.</summary>
    public string? HostnamePath { get; init; }

    /// <summary>Host file for <c>/etc/resolv.conf</c>, or null to keep the image's.</summary>
    public string? ResolvConfPath { get; init; }
}
