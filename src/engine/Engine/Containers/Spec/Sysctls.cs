using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Kernel parameters of a container. Only ones that belong to a namespace of its own may be set: the others are the host's.</summary>
public static class Sysctls
{
    private static readonly string[] Ipc =
    [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    ];

    /// <summary>Refuses parameters that would reach out of the container.</summary>
    public static void Validate(HostConfig config)
    {
        foreach (var (name, value) in config.Sysctls ?? new Dictionary<string, string>())
        {
            if (name.Contains("..", StringComparison.Ordinal) || name.Any(c => c is '\0' or '\n') || value.Contains('\0', StringComparison.Ordinal))
            {
                throw EngineException.Invalid($"sysctl '{name}' is not allowed");
            }

            var key = name.Replace('/', '.');
            if (Ipc.Contains(key) || key.StartsWith("fs.mqueue.", StringComparison.Ordinal))
            {
                Require(config.IpcMode != "host", name, "host IPC namespace");
            }
            else if (key.StartsWith("net.", StringComparison.Ordinal))
            {
                Require(config.NetworkMode != "host", name, "host network namespace");
            }
            else if (key == "kernel.domainname")
            {
                Require(config.UTSMode != "host", name, "host UTS namespace");
            }
            else
            {
                throw EngineException.Invalid($"sysctl '{name}' is not allowed");
            }
        }
    }

    /// <summary>
    /// The parameters for the runtime. A container with a network of its own may use any port and ping without capabilities, as these
    /// bits guard nothing there.
    /// </summary>
    public static IReadOnlyDictionary<string, string>? Resolve(HostConfig config)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (NamespaceModes.HasOwnNetwork(config))
        {
            all["net.ipv4.ip_unprivileged_port_start"] = "0";
            all["net.ipv4.ping_group_range"] = "0 2147483647";
        }

        foreach (var (name, value) in config.Sysctls ?? new Dictionary<string, string>())
        {
            all[name] = value;
        }

        return all.Count == 0 ? null : all;
    }

    private static void Require(bool allowed, string name, string place)
    {
        if (!allowed)
        {
            throw EngineException.Invalid($"sysctl '{name}' not allowed in {place}");
        }
    }
}
