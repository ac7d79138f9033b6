using System.Globalization;
using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>What a container's own configuration may say.</summary>
internal static class ConfigRules
{
    private const long Millisecond = 1_000_000;

    /// <summary>Longest host name that sethostname(2) takes.</summary>
    private const int MaxHostname = 64;

    public static void Validate(ContainerConfig config)
    {
        if (config.Entrypoint is not { Count: > 0 } && config.Cmd is not { Count: > 0 })
        {
            throw EngineException.Invalid("no command specified");
        }

        if (config.WorkingDir.Length > 0 && config.WorkingDir[0] != '/')
        {
            throw EngineException.Invalid($"the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path");
        }

        RefuseNul(config);
        ValidateHostname(config.Hostname);
        ValidateHostname(config.Domainname);
        ValidateEnvironment(config.Env);
        ValidateHealth(config.Healthcheck);
        foreach (var port in config.ExposedPorts?.Keys ?? [])
        {
            PortSpec.Validate(port);
        }

        if (!string.IsNullOrEmpty(config.StopSignal) && Signals.Parse(config.StopSignal) is null)
        {
            throw EngineException.Invalid($"invalid signal: {config.StopSignal}");
        }
    }

    /// <summary>Refuses entries without a name and ones that execve(2) cannot pass on.</summary>
    public static void ValidateEnvironment(IReadOnlyList<string>? env)
    {
        foreach (var entry in env ?? [])
        {
            if (entry.Length == 0 || entry[0] == '=' || entry.Contains('\0', StringComparison.Ordinal))
            {
                throw EngineException.Invalid("invalid environment variable: " + entry);
            }
        }
    }

    // execve(2) would cut at a NUL: what ran would not be what was asked.
    private static void RefuseNul(ContainerConfig config)
    {
        if ((config.Entrypoint ?? []).Concat(config.Cmd ?? []).Append(config.WorkingDir).Append(config.User).Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            throw EngineException.Invalid("invalid argument: command, working directory and user must not contain NUL bytes");
        }
    }

    // The name goes into /etc/hosts and /etc/hostname: nothing in it may begin another line or column.
    private static void ValidateHostname(string name)
    {
        if (name.Length > MaxHostname || name.Any(c => c <= ' ' || c is '#' or '/' or '\u007f'))
        {
            throw EngineException.Invalid($"invalid hostname: {name}");
        }
    }

    private static void ValidateHealth(HealthConfig? health)
    {
        if (health is null)
        {
            return;
        }

        AtLeastMillisecond(health.Interval, "Interval");
        AtLeastMillisecond(health.Timeout, "Timeout");
        AtLeastMillisecond(health.StartPeriod, "StartPeriod");
        AtLeastMillisecond(health.StartInterval, "StartInterval");
        if (health.Retries < 0)
        {
            throw EngineException.Invalid("Retries in Healthcheck cannot be negative");
        }

        if (health.Test is [var kind, ..] && kind is not ("" or "NONE" or "CMD" or "CMD-SHELL"))
        {
            throw EngineException.Invalid($"Unknown healthcheck type '{kind}' (expected 'CMD')");
        }
    }

    private static void AtLeastMillisecond(long nanoseconds, string field)
    {
        if (nanoseconds != 0 && nanoseconds < Millisecond)
        {
            throw EngineException.Invalid($"{field} in Healthcheck cannot be less than 1ms");
        }
    }
}

/// <summary>The <c>port[-port][/protocol]</c> notation.</summary>
public static class PortSpec
{
    /// <summary>Refuses a container port that is no <c>port/protocol</c>.</summary>
    public static void Validate(string spec)
    {
        var slash = spec.IndexOf('/', StringComparison.Ordinal);
        var port = slash < 0 ? spec : spec[..slash];
        var protocol = slash < 0 ? "tcp" : spec[(slash + 1)..].ToLowerInvariant();
        if (protocol is not ("tcp" or "udp" or "sctp") || !TryRange(port, out var first, out _) || first == 0)
        {
            throw EngineException.Invalid($"invalid port specification: \"{spec}\"");
        }
    }

    /// <summary>Refuses a host port that is neither empty nor a port or range of ports.</summary>
    public static void ValidateHostPort(string port)
    {
        if (port.Length > 0 && !TryRange(port, out _, out _))
        {
            throw EngineException.Invalid($"invalid port specification: \"{port}\"");
        }
    }

    /// <summary>Reads <c>80</c> or <c>80-90</c>.</summary>
    public static bool TryRange(string text, out ushort first, out ushort last)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        last = 0;
        return ushort.TryParse(dash < 0 ? text : text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && ushort.TryParse(dash < 0 ? text : text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first <= last;
    }
}
