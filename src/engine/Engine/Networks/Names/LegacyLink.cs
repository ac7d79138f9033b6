using Slipway.Engine.Containers;
using Slipway.Engine.Networks.Ports;

namespace Slipway.Engine.Networks.Names;

/// <summary>A container that another one on the default bridge was linked to (<c>--link NAME:ALIAS</c>) and that runs there.</summary>
/// <param name="Alias">How it is called there.</param>
/// <param name="Address">Its address on the default bridge.</param>
/// <param name="Target">Its record.</param>
internal sealed record LegacyLink(string Alias, string Address, ContainerRecord Target)
{
    /// <summary>Its line of <c>/etc/hosts</c>.</summary>
    internal string HostsLine => $"{Address}\t{Alias} {Target.Config.Hostname} {Target.Name}";

    /// <summary>The container that a link (<c>NAME</c>, <c>NAME:ALIAS</c>, or as inspect shows it with slashes) means, and how it is called there.</summary>
    internal static (string Name, string Alias) Parse(string link)
    {
        var parts = link.Split(':', 2);
        return (parts[0].TrimStart('/'), Path.GetFileName(parts[^1]));
    }

    /// <summary>Links of a container; none on other networks, where names are asked for.</summary>
    internal static IEnumerable<LegacyLink> Of(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints, ContainerTable containers)
    {
        if (record.HostConfig.Links is not { Count: > 0 } links || !endpoints.Any(endpoint => endpoint.Network == BuiltInNetworks.Bridge))
        {
            yield break;
        }

        foreach (var (name, alias) in links.Select(Parse))
        {
            if (containers.Find(name)?.Record is { } target && target.Endpoints.FirstOrDefault(endpoint => endpoint.Network == BuiltInNetworks.Bridge && endpoint.IsConnected) is { } bridge)
            {
                yield return new LegacyLink(alias, bridge.IPv4, target);
            }
        }
    }

    /// <summary>Refuses links to nobody. It is no "not found": to clients that would mean that the image is missing.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal static void RequireTargets(IReadOnlyList<string>? links, ContainerTable containers)
    {
        foreach (var name in (links ?? []).Select(link => link.Split(':', 2)[0]))
        {
            var target = containers.Find(name.TrimStart('/')) ?? throw EngineException.Invalid($"could not get container for {name}: No such container: {name}");
            if (target.Record.HostConfig.NetworkMode == BuiltInNetworks.Host)
            {
                throw EngineException.Invalid("conflicting options: host type networking can't be used with links. This would result in undefined behavior");
            }
        }
    }

    /// <summary>Refuses to start a container on the default bridge before those that it is linked to.</summary>
    /// <exception cref="EngineException">Conflict.</exception>
    internal static void RequireRunning(ContainerRecord record, ContainerTable containers)
    {
        if (!record.Endpoints.Any(endpoint => endpoint.Network == BuiltInNetworks.Bridge))
        {
            return;
        }

        foreach (var (name, alias) in (record.HostConfig.Links ?? []).Select(Parse))
        {
            if (containers.Find(name) is not { } target)
            {
                continue;
            }

            if (!target.IsRunning)
            {
                throw EngineException.Conflict($"Cannot link to a non running container: /{target.Record.Name} AS /{record.Name}/{alias}");
            }

            if (!target.Record.Endpoints.Any(endpoint => endpoint.Network == BuiltInNetworks.Bridge))
            {
                throw EngineException.Conflict($"Cannot link to /{target.Record.Name}, as it does not belong to the default network");
            }
        }
    }

    /// <summary>The variables by which programs of old find it: its exposed ports, its name, and its own variables.</summary>
    /// <param name="owner">Name of the container that has the link.</param>
    internal IEnumerable<string> Variables(string owner)
    {
        var prefix = Alias.ToUpperInvariant().Replace('-', '_');
        var ports = (Target.Config.ExposedPorts?.Keys ?? []).SelectMany(PortRequest.Expand).OrderBy(port => port.Protocol == "tcp" ? 0 : 1).ThenBy(port => port.Port).ToList();
        if (ports.Count > 0)
        {
            yield return $"{prefix}_PORT={ports[0].Protocol}://{Address}:{ports[0].Port}";
        }

        foreach (var (protocol, number) in ports)
        {
            var name = $"{prefix}_PORT_{number}_{protocol.ToUpperInvariant()}";
            yield return $"{name}={protocol}://{Address}:{number}";
            yield return $"{name}_ADDR={Address}";
            yield return $"{name}_PORT={number}";
            yield return $"{name}_PROTO={protocol}";
        }

        yield return $"{prefix}_NAME=/{owner}/{Alias}";
        foreach (var variable in (Target.Config.Env ?? []).Where(variable => variable.Contains('=', StringComparison.Ordinal) && !variable.StartsWith("HOME=", StringComparison.Ordinal) && !variable.StartsWith("PATH=", StringComparison.Ordinal)))
        {
            yield return $"{prefix}_ENV_{variable}";
        }
    }
}
