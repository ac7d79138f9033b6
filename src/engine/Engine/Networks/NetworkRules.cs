using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Slipway.DockerApi;
using Slipway.Engine.Networks.Addresses;

namespace Slipway.Engine.Networks;

/// <summary>What a request for a network may say. The messages are Docker's.</summary>
internal static partial class NetworkRules
{
    private static readonly string[] Drivers = ["bridge", "macvlan", "ipvlan"];

    /// <summary>Refuses what is wrong whatever else exists.</summary>
    internal static void Validate(NetworkCreateRequest request)
    {
        if (request.Name.Length == 0)
        {
            throw EngineException.Invalid("invalid name: name is empty");
        }

        if (request.Name is BuiltInNetworks.Bridge or BuiltInNetworks.Host or BuiltInNetworks.None or "default")
        {
            throw new EngineException(ErrorKind.Forbidden, $"operation is not permitted on predefined {request.Name} network");
        }

        if (!Name().IsMatch(request.Name))
        {
            throw EngineException.Invalid($"invalid name: {request.Name}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }

        if (request.ConfigOnly || request.ConfigFrom is { Network.Length: > 0 } || request.Ingress || request.Scope is "swarm")
        {
            throw new EngineException(ErrorKind.Forbidden, "Cannot create a multi-host network from a host-only engine: this node is not a swarm manager");
        }

        var driver = request.Driver is { Length: > 0 } named ? named : "bridge";
        if (driver is "host" or "null")
        {
            throw new EngineException(ErrorKind.Forbidden, $"only one instance of \"{driver}\" network is allowed");
        }

        if (!Drivers.Contains(driver))
        {
            throw EngineException.NotFound($"could not find plugin {driver} in v1 plugin registry: plugin not found");
        }

        if (request.IPAM?.Driver is { Length: > 0 } and not "default")
        {
            throw EngineException.NotFound($"could not find plugin {request.IPAM.Driver} in v1 plugin registry: plugin not found");
        }

        if (request is { EnableIPv4: false, EnableIPv6: not true })
        {
            throw EngineException.Invalid("IPv4 and IPv6 cannot both be disabled");
        }

        ValidatePools(request);
        DriverOptions.Validate(driver, request.Options ?? new Dictionary<string, string>(), request.Internal);
    }

    /// <summary>The name of a link that the user chose.</summary>
    internal static void ValidateLinkName(string name)
    {
        if (!LinkName().IsMatch(name))
        {
            throw EngineException.Invalid($"invalid interface name \"{name}\": at most 15 letters, digits, dots, hyphens and underscores");
        }
    }

    private static void ValidatePools(NetworkCreateRequest request)
    {
        var problems = new List<string>();
        foreach (var pool in request.IPAM?.Config ?? [])
        {
            problems.AddRange(Problems(pool, request.EnableIPv6 ?? false));
        }

        if (problems.Count > 0)
        {
            throw EngineException.Invalid("invalid network config:\n" + string.Join('\n', problems));
        }
    }

    private static IEnumerable<string> Problems(IpamConfig pool, bool ipv6)
    {
        if (string.IsNullOrEmpty(pool.Subnet))
        {
            if (!string.IsNullOrEmpty(pool.IPRange) || !string.IsNullOrEmpty(pool.Gateway))
            {
                yield return "invalid IPAM config: a subnet is needed for an ip-range or gateway";
            }

            yield break;
        }

        if (!Cidr.TryParse(pool.Subnet, out var address, out var subnet))
        {
            yield return $"invalid subnet {pool.Subnet}: invalid CIDR block notation";
            yield break;
        }

        if (!address.Equals(subnet.BaseAddress))
        {
            yield return $"invalid subnet {pool.Subnet}: it should be {subnet}";
        }

        if (subnet.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && !ipv6)
        {
            yield return $"invalid subnet {pool.Subnet}: IPv6 has not been enabled for this network";
        }

        if (!string.IsNullOrEmpty(pool.IPRange) && (!Cidr.TryParse(pool.IPRange, out _, out var range) || !Cidr.Contains(subnet, range)))
        {
            yield return $"invalid ip-range {pool.IPRange}: parent subnet {pool.Subnet} doesn't contain ip-range";
        }

        foreach (var (what, text) in Inside(pool))
        {
            if (!IPAddress.TryParse(text, out var inside))
            {
                yield return $"invalid {what} {text}: invalid address";
            }
            else if (!subnet.Contains(inside))
            {
                yield return $"invalid {what} {text}: parent subnet {pool.Subnet} doesn't contain this address";
            }
        }
    }

    private static IEnumerable<(string What, string Address)> Inside(IpamConfig pool)
    {
        if (!string.IsNullOrEmpty(pool.Gateway))
        {
            yield return ("gateway", pool.Gateway);
        }

        foreach (var (_, address) in pool.AuxiliaryAddresses ?? new Dictionary<string, string>())
        {
            yield return ("auxiliary address", address);
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")]
    private static partial Regex Name();

    [GeneratedRegex("^[a-zA-Z0-9_.-]{1,15}$")]
    private static partial Regex LinkName();
}
