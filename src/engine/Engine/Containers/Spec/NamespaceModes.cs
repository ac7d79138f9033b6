using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>The <c>…Mode</c> fields that say which namespaces a container has of its own, shares with the host, or joins.</summary>
public static class NamespaceModes
{
    private const string ContainerPrefix = "container:";

    /// <summary>The container a mode names (<c>container:NAME</c>), or null when it names none.</summary>
    public static string? ContainerOf(string mode) => mode.StartsWith(ContainerPrefix, StringComparison.Ordinal) ? mode[ContainerPrefix.Length..] : null;

    /// <summary>The mode that joins a container.</summary>
    public static string Join(string containerId) => ContainerPrefix + containerId;

    /// <summary>Whether the container has a network namespace of its own: neither the host's nor another container's.</summary>
    public static bool HasOwnNetwork(HostConfig host) => host.NetworkMode != "host" && ContainerOf(host.NetworkMode) is null;

    /// <summary>Refuses unknown modes and combinations without a meaning. The host name and ports are the request's own, not the image's.</summary>
    internal static void Validate(ContainerConfig config, HostConfig host)
    {
        ValidateNetwork(config, host);
        Require(host.UTSMode is "" or "host", $"invalid UTS mode: {host.UTSMode}");
        Require(!(host.UTSMode == "host" && config.Hostname.Length > 0), "conflicting options: hostname and the UTS mode");
        Require(host.PidMode is "" or "host" or "private" || Joins(host.PidMode), $"invalid PID mode: {host.PidMode}");
        Require(host.IpcMode is "" or "none" or "private" or "shareable" or "host" || Joins(host.IpcMode), $"invalid IPC mode: {host.IpcMode}");
        Require(host.CgroupnsMode is "" or "private" or "host", $"invalid cgroup namespace mode: {host.CgroupnsMode}");
        Require(host.UsernsMode is "" or "host", $"invalid USER mode: {host.UsernsMode}");
    }

    private static void ValidateNetwork(ContainerConfig config, HostConfig host)
    {
        var joined = ContainerOf(host.NetworkMode);
        Require(joined != "" && host.NetworkMode != "container", "invalid container format container:<name|id>");
        if (joined is null)
        {
            Require(!(host.NetworkMode == "host" && host.Links is { Count: > 0 }),
                "conflicting options: host type networking can't be used with links. This would result in undefined behavior");
            return;
        }

        Require(config.Hostname.Length == 0, "conflicting options: hostname and the network mode");
        Require(host.Links is not { Count: > 0 },
            "conflicting options: container type network can't be used with links. This would result in undefined behavior");
        Require(host.Dns is not { Count: > 0 }, "conflicting options: dns and the network mode");
        Require(host.ExtraHosts is not { Count: > 0 }, "conflicting options: custom host-to-IP mapping and the network mode");
        Require(host.PortBindings is not { Count: > 0 } && !host.PublishAllPorts, "conflicting options: port publishing and the container type network mode");
        Require(config.ExposedPorts is not { Count: > 0 }, "conflicting options: port exposing and the container type network mode");
    }

    private static bool Joins(string mode) => ContainerOf(mode) is { Length: > 0 };

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw EngineException.Invalid(message);
        }
    }
}
