using System.Net;
using System.Net.Sockets;
using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>
/// The one table of the engine, in the language of nft(8). It judges only what comes from or goes to our bridges. Ports are entries of
/// maps, so a thousand of them cost a packet no more than one, and come and go without a rule being touched.
/// </summary>
internal static class Ruleset
{
    internal const string Ports4 = "ports4";
    internal const string Ports6 = "ports6";
    internal const string Any4 = "any4";
    internal const string Any6 = "any6";
    internal const string Direct4 = "direct4";
    internal const string Direct6 = "direct6";

    /// <summary>Commands that put the whole table in the place of what is there, in one transaction.</summary>
    internal static string Write(string table, IReadOnlyCollection<BridgeRules> bridges, IReadOnlyCollection<PortRule> ports)
    {
        var text = new StringBuilder();
        text.Append($"add table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n");
        Set(text, "bridges", "ifname", bridges.Select(b => Quoted(b.Bridge)));
        Set(text, "internal", "ifname", bridges.Where(b => b.Internal).Select(b => Quoted(b.Bridge)));
        Set(text, "open4", "ifname", bridges.Where(b => b.Mode4 == GatewayMode.NatUnprotected).Select(b => Quoted(b.Bridge)));
        Set(text, "open6", "ifname", bridges.Where(b => b.Mode6 == GatewayMode.NatUnprotected).Select(b => Quoted(b.Bridge)));
        Set(text, "same", "ifname . ifname", bridges.Select(b => $"{Quoted(b.Bridge)} . {Quoted(b.Bridge)}"));
        Intervals(text, "hidden4", "ipv4_addr", bridges, AddressFamily.InterNetwork, b => b.Mode4);
        Intervals(text, "hidden6", "ipv6_addr", bridges, AddressFamily.InterNetworkV6, b => b.Mode6);
        foreach (var (name, kind, type) in PortSets)
        {
            var entries = ports.Where(port => SetOf(port) == name).Select(Entry).ToHashSet();
            text.Append($"  {kind} {name} {{ type {type}; size 65536; {Elements(entries)}}}\n");
        }

        return text.Append(Chains).Append("}\n").ToString();
    }

    /// <summary>The map or set that a port is an entry of.</summary>
    internal static string SetOf(PortRule port)
    {
        var v4 = port.ContainerAddress.AddressFamily == AddressFamily.InterNetwork;
        return port.Direct ? v4 ? Direct4 : Direct6
            : port.HostAddress.Equals(IPAddress.Any) || port.HostAddress.Equals(IPAddress.IPv6Any) ? v4 ? Any4 : Any6
            : v4 ? Ports4 : Ports6;
    }

    /// <summary>The entry of a port in the kernel's form.</summary>
    internal static NftElement Element(PortRule port)
    {
        var protocol = NftValue.Protocol(port.Protocol switch { "tcp" => 6, "udp" => 17, _ => 132 });
        var target = NftValue.Join(NftValue.Address(port.ContainerAddress), NftValue.Port(port.ContainerPort));
        return SetOf(port) switch
        {
            Direct4 or Direct6 => new NftElement(NftValue.Join(NftValue.Address(port.ContainerAddress), protocol, NftValue.Port(port.ContainerPort))),
            Any4 or Any6 => new NftElement(NftValue.Join(protocol, NftValue.Port(port.HostPort)), target),
            _ => new NftElement(NftValue.Join(protocol, NftValue.Address(port.HostAddress), NftValue.Port(port.HostPort)), target),
        };
    }

    private static readonly (string Name, string Kind, string Type)[] PortSets =
    [
        (Ports4, "map", "inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service"),
        (Ports6, "map", "inet_proto . ipv6_addr . inet_service : ipv6_addr . inet_service"),
        (Any4, "map", "inet_proto . inet_service : ipv4_addr . inet_service"),
        (Any6, "map", "inet_proto . inet_service : ipv6_addr . inet_service"),
        (Direct4, "set", "ipv4_addr . inet_proto . inet_service"),
        (Direct6, "set", "ipv6_addr . inet_proto . inet_service"),
    ];

    // guard: the bridges accept 127.0.0.0/8, which the host itself needs at published ports; nobody else may use that. A packet to
    // 127.0.0.1 from another link must not be translated either: routing, which would drop it, comes after translation.
    // postrouting: a container that reaches itself or a neighbour by a published port needs the answer to come back by the host.
    // forward: judged is only what touches our bridges. Between ports of one bridge the bridge itself decides (isolated ports).
    private const string Chains = """
          chain guard {
            type filter hook prerouting priority raw; policy accept;
            iifname @bridges ip daddr 127.0.0.0/8 drop
            iifname @bridges ip saddr 127.0.0.0/8 drop
          }
          chain published {
            dnat ip addr . port to meta l4proto . ip daddr . th dport map @ports4
            dnat ip6 addr . port to meta l4proto . ip6 daddr . th dport map @ports6
            dnat ip addr . port to meta l4proto . th dport map @any4
            dnat ip6 addr . port to meta l4proto . th dport map @any6
          }
          chain prerouting {
            type nat hook prerouting priority dstnat; policy accept;
            iifname != "lo" ip daddr 127.0.0.0/8 return
            fib daddr type local jump published
          }
          chain output {
            type nat hook output priority -100; policy accept;
            ip6 daddr ::1 return
            fib daddr type local jump published
          }
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            iifname . oifname @same ct status dnat masquerade
            oifname @bridges ip saddr 127.0.0.0/8 masquerade
            oifname != @bridges ip saddr @hidden4 masquerade
            oifname != @bridges ip6 saddr @hidden6 masquerade
          }
          chain forward {
            type filter hook forward priority filter; policy accept;
            iifname != @bridges oifname != @bridges accept
            ct state established,related accept
            iifname . oifname @same accept
            iifname @internal drop
            oifname @internal drop
            oifname != @bridges accept
            ct status dnat accept
            iifname @bridges drop
            ip daddr . meta l4proto . th dport @direct4 accept
            ip6 daddr . meta l4proto . th dport @direct6 accept
            meta nfproto ipv4 oifname @open4 accept
            meta nfproto ipv6 oifname @open6 accept
            drop
          }

        """;

    private static string Entry(PortRule port)
    {
        var target = $"{port.ContainerAddress} . {port.ContainerPort}";
        return SetOf(port) switch
        {
            Direct4 or Direct6 => $"{port.ContainerAddress} . {port.Protocol} . {port.ContainerPort}",
            Any4 or Any6 => $"{port.Protocol} . {port.HostPort} : {target}",
            _ => $"{port.Protocol} . {port.HostAddress} . {port.HostPort} : {target}",
        };
    }

    private static void Set(StringBuilder text, string name, string type, IEnumerable<string> elements) =>
        text.Append($"  set {name} {{ type {type}; size 8192; {Elements(elements)}}}\n");

    private static void Intervals(StringBuilder text, string name, string type, IEnumerable<BridgeRules> bridges, AddressFamily family, Func<BridgeRules, GatewayMode> mode)
    {
        var hidden = bridges.Where(b => b is { Masquerade: true, Internal: false } && mode(b) is GatewayMode.Nat or GatewayMode.NatUnprotected)
            .SelectMany(b => b.Subnets).Where(s => s.BaseAddress.AddressFamily == family).Select(s => s.ToString());
        text.Append($"  set {name} {{ type {type}; flags interval; {Elements(hidden)}}}\n");
    }

    private static string Elements(IEnumerable<string> elements) => string.Join(", ", elements) is { Length: > 0 } list ? $"elements = {{ {list} }}; " : "";

    // Link names were checked when the network was made: letters, digits, dots, hyphens and underscores.
    private static string Quoted(string link) => $"\"{link}\"";
}
