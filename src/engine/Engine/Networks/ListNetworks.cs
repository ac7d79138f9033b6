using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network ls</c> and <c>inspect</c> of the built-in networks.</summary>
public static class ListNetworks
{
    private static readonly string[] s_accepted = ["dangling", "driver", "id", "label", "name", "scope", "type"];

    /// <summary>Lists the networks that match.</summary>
    /// <exception cref="EngineException">An unknown filter.</exception>
    public static IReadOnlyList<Network> Run(Filters filters, ContainerTable containers)
    {
        if (filters.Except(s_accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        return [.. BuiltInNetworks.All.Where(n => Matches(n, filters)).Select(n => Show(n, containers))];
    }

    /// <summary>Describes one network.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public static Network Inspect(string reference, ContainerTable containers) => Show(BuiltInNetworks.Get(reference), containers);

    private static bool Matches((string Name, string Driver) network, Filters filters) =>
        Any(filters, "name", value => network.Name.Contains(value, StringComparison.Ordinal))
        && Any(filters, "id", value => BuiltInNetworks.IdOf(network.Name).StartsWith(value, StringComparison.Ordinal))
        && Any(filters, "driver", value => value == network.Driver)
        && Any(filters, "scope", value => value == "local")
        && Any(filters, "type", value => value == "builtin")
        && Any(filters, "dangling", value => value is "false" or "0")
        && filters["label"].Count == 0;

    private static bool Any(Filters filters, string name, Func<string, bool> matches) => !filters.Contains(name) || filters[name].Any(matches);

    private static Network Show((string Name, string Driver) network, ContainerTable containers) => new()
    {
        Name = network.Name,
        Id = BuiltInNetworks.IdOf(network.Name),
        Created = GoTime.Zero,
        Scope = "local",
        Driver = network.Driver,
        EnableIPv4 = true,
        IPAM = new Ipam { Driver = "default", Config = [] },
        Containers = containers.All
            .Where(c => c.IsRunning && ContainerNetworks.Mode(c.Record) == network.Name)
            .ToDictionary(c => c.Id, c => new NetworkContainer { Name = c.Name }),
    };
}
