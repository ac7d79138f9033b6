using System.Net;
using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>What a host configuration may say, apart from resources (<see cref="ResourceRules"/>) and namespaces (<see cref="NamespaceModes"/>).</summary>
internal static class HostConfigRules
{
    public static void Validate(HostConfig config, EngineOptions options, HostFacts host, List<string> warnings)
    {
        ValidateRestart(config.RestartPolicy);
        if (config.AutoRemove && config.RestartPolicy.Name is not ("" or "no"))
        {
            throw EngineException.Invalid("can't create 'AutoRemove' container with restart policy");
        }

        ValidateScalars(config);
        ValidateNetworkNames(config, warnings);
        Rewrap("invalid CapAdd", () => CapabilitySets.Normalize(config.CapAdd, host.Capabilities));
        Rewrap("invalid CapDrop", () => CapabilitySets.Normalize(config.CapDrop, Capabilities.All));
        UlimitRules.Validate(config.Ulimits);
        Sysctls.Validate(config);
        LogRules.Validate(config.LogConfig.Type.Length > 0 ? config.LogConfig : config.LogConfig with { Type = options.LogDriver });
        var security = SecurityOptions.Parse(config, options);
        ValidateRuntime(config, options, host, security, warnings);
        DevicePlan.Validate(config);
    }

    internal static void ValidateRestart(RestartPolicy policy)
    {
        switch (policy.Name)
        {
            case "always" or "unless-stopped" or "no" when policy.MaximumRetryCount != 0:
                throw EngineException.Invalid(
                    "invalid restart policy: maximum retry count can only be used with 'on-failure'" + (policy.MaximumRetryCount < 0 ? " and cannot be negative" : ""));
            case "on-failure" when policy.MaximumRetryCount < 0:
                throw EngineException.Invalid("invalid restart policy: maximum retry count cannot be negative");
            case "" or "no" or "always" or "unless-stopped" or "on-failure":
                return;
            default:
                throw EngineException.Invalid(
                    $"invalid restart policy: unknown policy '{policy.Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
        }
    }

    private static void ValidateScalars(HostConfig config)
    {
        if (config.ShmSize < 0)
        {
            throw EngineException.Invalid("SHM size can not be less than 0");
        }

        if (config.OomScoreAdj is < -1000 or > 1000)
        {
            throw EngineException.Invalid($"Invalid value {config.OomScoreAdj}, range for oom score adj is [-1000, 1000]");
        }

        if (config.Isolation is not ("" or "default"))
        {
            throw EngineException.Invalid($"invalid isolation '{config.Isolation}' on linux");
        }

        if (config.Annotations?.ContainsKey("") == true)
        {
            throw EngineException.Invalid("invalid Annotations: the empty string is not permitted as an annotation key");
        }

        if (config.CgroupParent.Split('/').Contains("..") || config.CgroupParent.Contains('\0', StringComparison.Ordinal))
        {
            throw EngineException.Invalid($"invalid cgroup parent: {config.CgroupParent}");
        }

        foreach (var option in config.StorageOpt?.Keys ?? [])
        {
            throw option.Equals("size", StringComparison.OrdinalIgnoreCase)
                ? EngineException.Invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
                : EngineException.Invalid($"unknown option {option}");
        }
    }

    private static void ValidateNetworkNames(HostConfig config, List<string> warnings)
    {
        foreach (var (port, bindings) in config.PortBindings ?? new Dictionary<string, IReadOnlyList<PortBinding>?>())
        {
            PortSpec.Validate(port);
            foreach (var binding in bindings ?? [])
            {
                PortSpec.ValidateHostPort(binding.HostPort);
                if (binding.HostIp.Length > 0 && !IPAddress.TryParse(binding.HostIp, out _))
                {
                    throw EngineException.Invalid($"invalid port specification: host IP \"{binding.HostIp}\" is not an address");
                }
            }
        }

        if (config.NetworkMode == "host" && config.PortBindings is { Count: > 0 })
        {
            warnings.Add("Published ports are discarded when using host network mode");
        }

        foreach (var entry in config.ExtraHosts ?? [])
        {
            ValidateExtraHost(entry);
        }

        foreach (var server in config.Dns ?? [])
        {
            if (!IPAddress.TryParse(server, out _))
            {
                throw EngineException.Invalid($"bad nameserver address: {server}");
            }
        }
    }

    private static void ValidateExtraHost(string entry)
    {
        // name:address, where the address may itself hold colons, or name=address.
        var cut = entry.IndexOfAny(['=', ':']);
        if (cut <= 0 || entry.Any(char.IsControl) || entry.AsSpan(0, cut).ContainsAny(' ', '\t'))
        {
            throw EngineException.Invalid($"bad format for add-host: \"{entry}\"");
        }

        var address = entry[(cut + 1)..];
        if (address != "host-gateway" && !IPAddress.TryParse(address.Trim('[', ']'), out _))
        {
            throw EngineException.Invalid($"invalid IP address in add-host: \"{address}\"");
        }
    }

    private static void ValidateRuntime(HostConfig config, EngineOptions options, HostFacts host, SecurityOptions security, List<string> warnings)
    {
        if (!string.IsNullOrEmpty(config.Runtime) && !options.Runtimes.ContainsKey(config.Runtime))
        {
            throw EngineException.Invalid($"unknown or invalid runtime name: {config.Runtime}");
        }

        if (config.Cgroup.Length > 0)
        {
            throw EngineException.Invalid("cgroup of another container cannot be joined");
        }

        if (security.AppArmorProfile is { Length: > 0 } and not "unconfined" && !host.AppArmor)
        {
            warnings.Add("AppArmor is not available on this machine; the profile is ignored.");
        }

        if (config.OomScoreAdj < Math.Min(0, host.OomScoreAdj) && !host.MayRaiseLimits)
        {
            warnings.Add($"The engine may not lower OOM scores on this machine; {config.OomScoreAdj} is raised to {host.OomScoreAdj}.");
        }
    }

    private static void Rewrap(string prefix, Action check)
    {
        try
        {
            check();
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Kind, $"{prefix}: {e.Message}", e);
        }
    }
}
