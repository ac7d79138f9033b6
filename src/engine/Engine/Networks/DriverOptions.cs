using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks;

/// <summary>
/// What the options of a network's driver may say (<c>docker network create -o</c>, and the options of an endpoint). The bridge driver ignores
/// names that it does not know, as Docker's does: other drivers' options come along with them.
/// </summary>
internal static class DriverOptions
{
    private const string Bridge = "com.docker.network.bridge.";

    /// <summary>Name of the option for the largest packet, in bytes.</summary>
    internal const string Mtu = "com.docker.network.driver.mtu";

    /// <summary>Name of a network's option for how containers' interfaces are called before their number.</summary>
    internal const string InterfacePrefix = "com.docker.network.container_iface_prefix";

    /// <summary>Name of an endpoint's option for how its interface is called.</summary>
    internal const string InterfaceName = "com.docker.network.endpoint.ifname";

    /// <summary>Name of an endpoint's option for settings of its interface: <c>net.ipv4.conf.IFNAME.log_martians=1,…</c>, with the word IFNAME as it is.</summary>
    internal const string InterfaceSettings = "com.docker.network.endpoint.sysctls";

    private static readonly string[] s_switches = [Bridge + "enable_icc", Bridge + "enable_ip_masquerade", Bridge + "inhibit_ipv4", Bridge + "default_bridge"];
    private static readonly string[] s_truth = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

    /// <summary>Refuses values that mean nothing.</summary>
    /// <exception cref="EngineException">InvalidArgument, worded as Docker does.</exception>
    internal static void Validate(string driver, IReadOnlyDictionary<string, string> options, bool isInternal)
    {
        CheckMtu(options);
        switch (driver)
        {
            case "macvlan":
                OneOf(options, "macvlan_mode", mode => $"requested macvlan mode '{mode}' is not valid, 'bridge' mode is the macvlan driver default", "bridge", "private", "vepa", "passthru");
                break;
            case "ipvlan":
                OneOf(options, "ipvlan_mode", mode => $"requested ipvlan mode '{mode}' is not valid, 'l2' mode is the ipvlan driver default", "l2", "l3", "l3s");
                OneOf(options, "ipvlan_flag", flag => $"requested ipvlan flag '{flag}' is not valid, 'bridge' is the ipvlan driver default", "bridge", "private", "vepa");
                break;
            default:
                CheckBridge(options, isInternal);
                break;
        }
    }

    /// <summary>Refuses options of an endpoint that mean nothing.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal static void ValidateEndpoint(IReadOnlyDictionary<string, string>? options)
    {
        if (options?.GetValueOrDefault(InterfaceName) is { Length: > 0 } name)
        {
            NetworkRules.ValidateLinkName(name);
            if (name == "lo" || name.StartsWith('.'))
            {
                throw EngineException.Invalid($"invalid interface name \"{name}\"");
            }
        }

        _ = Settings(options, "eth0").Count();
    }

    /// <summary>An interface's settings: paths below <c>/proc/sys</c> with what belongs in there.</summary>
    /// <exception cref="EngineException">InvalidArgument: they are about something else than the interface.</exception>
    internal static IEnumerable<Linux.Sysctl> Settings(IReadOnlyDictionary<string, string>? options, string link)
    {
        foreach (var setting in (options?.GetValueOrDefault(InterfaceSettings) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = setting.Split('=', 2);
            var parts = pair[0].Split('.');
            // Docker's client writes options in small letters.
            if (pair.Length != 2 || parts is not ["net", "ipv4" or "ipv6" or "mpls", "conf" or "neigh", _, _] || !parts[3].Equals("IFNAME", StringComparison.OrdinalIgnoreCase) || parts[4].Contains('/', StringComparison.Ordinal))
            {
                throw EngineException.Invalid($"unrecognised network interface sysctl '{setting}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'");
            }

            yield return new Linux.Sysctl($"net/{parts[1]}/{parts[2]}/{link}/{parts[4]}", pair[1]);
        }
    }

    private static void CheckBridge(IReadOnlyDictionary<string, string> options, bool isInternal)
    {
        foreach (var name in s_switches.Where(name => Has(options, name) && !s_truth.Contains(options[name])))
        {
            throw Unparsed(name, options[name], $"strconv.ParseBool: parsing {Quoted(options[name])}: invalid syntax");
        }

        Address(options, Bridge + "host_binding_ipv4", AddressFamily.InterNetwork);
        Address(options, "com.docker.network.host_ipv4", AddressFamily.InterNetwork);
        Address(options, "com.docker.network.host_ipv6", AddressFamily.InterNetworkV6);
        foreach (var name in new[] { Bridge + "gateway_mode_ipv4", Bridge + "gateway_mode_ipv6" })
        {
            OneOf(options, name, mode => $"unknown gateway mode {mode}", "nat", "nat-unprotected", "routed", "isolated");
            if (options.GetValueOrDefault(name) == "isolated" && !isInternal)
            {
                throw EngineException.Invalid("gateway mode 'isolated' can only be used for an internal network");
            }
        }
    }

    private static void CheckMtu(IReadOnlyDictionary<string, string> options)
    {
        if (!Has(options, Mtu))
        {
            return;
        }

        if (!int.TryParse(options[Mtu], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var mtu))
        {
            throw Unparsed(Mtu, options[Mtu], $"strconv.Atoi: parsing {Quoted(options[Mtu])}: invalid syntax");
        }

        if (mtu is < 0 or > 65535)
        {
            throw EngineException.Invalid($"invalid MTU number: {mtu}");
        }
    }

    private static void Address(IReadOnlyDictionary<string, string> options, string name, AddressFamily family)
    {
        if (Has(options, name) && (!IPAddress.TryParse(options[name], out var address) || address.AddressFamily != family))
        {
            throw Unparsed(name, options[name], "nil ip");
        }
    }

    private static void OneOf(IReadOnlyDictionary<string, string> options, string name, Func<string, string> refusal, params string[] values)
    {
        if (Has(options, name) && !values.Contains(options[name]))
        {
            throw EngineException.Invalid(refusal(options[name]));
        }
    }

    private static bool Has(IReadOnlyDictionary<string, string> options, string name) => options.GetValueOrDefault(name) is { Length: > 0 };

    private static EngineException Unparsed(string name, string value, string reason) => EngineException.Invalid($"failed to parse {name} value: {value} ({reason})");

    private static string Quoted(string value) => $"\"{value}\"";
}
