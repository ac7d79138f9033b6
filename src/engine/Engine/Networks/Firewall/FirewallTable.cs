using System.Globalization;
using System.Text;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>
/// Our table, all of it: every rule is here, and what changes while containers come and go are entries of its sets and maps. It accepts
/// whatever is not about our bridges; other tables of the machine are asked beside it and may still refuse.
/// </summary>
internal static class FirewallTable
{
    /// <summary>Sets and maps with the types of their entries, and how many fit in.</summary>
    internal static IReadOnlyList<(string Name, string Kind, string Type, int Size)> Sets { get; } =
    [
        ("bridges", "set", "ifname", 4096),
        ("within", "set", "ifname . ifname", 4096),
        ("apart", "set", "ifname . ifname", 4096),
        ("internal", "set", "ifname", 4096),
        .. OfFamily("4", "ipv4_addr"),
        .. OfFamily("6", "ipv6_addr"),
        ("relayed", "set", "inet_proto . inet_service", 32768),
    ];

    private const string Chains = """
          # Replies to this machine's own 127.0.0.0/8 come in through bridges (route_localnet), so nobody there may use such addresses.
          chain guard {
            type filter hook prerouting priority raw; policy accept;
            ip daddr 127.0.0.0/8 iifname @bridges drop
            ip saddr 127.0.0.0/8 iifname @bridges drop
          }

          # Nothing that arrives from a link is for a loopback address, whatever it says: those ports are served in "output" alone.
          chain prerouting {
            type nat hook prerouting priority dstnat; policy accept;
            ip daddr 127.0.0.0/8 return
            ip6 daddr { ::1, fe80::/10 } return
            jump publish
          }

          chain output {
            type nat hook output priority -100; policy accept;
            ip6 daddr { ::1, fe80::/10 } return
            jump publish
          }

          chain publish {
            dnat ip to meta l4proto . ip daddr . th dport map @at4
            dnat ip6 to meta l4proto . ip6 daddr . th dport map @at6
            fib daddr type != local return
            meta nfproto ipv4 dnat ip to meta l4proto . th dport map @any4
            meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @any6
          }

          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            oifname @bridges goto inwards
            meta nfproto ipv4 snat ip to iifname map @source4
            meta nfproto ipv6 snat ip6 to iifname map @source6
            meta nfproto ipv4 iifname @hidden4 masquerade
            meta nfproto ipv6 iifname @hidden6 masquerade
          }

          # A neighbour on the same bridge would answer past us, and nobody answers 127.0.0.1. What br_netfilter turns round within a
          # bridge has no incoming link here, like what this machine sends itself.
          chain inwards {
            ip saddr 127.0.0.0/8 masquerade
            ct status dnat iifname . oifname @within masquerade
            ct status dnat iifname . oifname @apart masquerade
            ct status dnat iif 0 fib saddr type != local masquerade
          }

          chain forward {
            type filter hook forward priority filter; policy accept;
            oifname @bridges goto inbound
            iifname @internal drop
          }

          chain inbound {
            ct state established,related accept
            ct status dnat goto published
            iifname . oifname @within accept
            iifname . oifname @apart drop
            iifname @internal drop
            oifname @internal drop
            meta l4proto . ip daddr . th dport @direct4 accept
            meta l4proto . ip6 daddr . th dport @direct6 accept
            iifname @bridges drop
            meta nfproto ipv4 oifname @open4 accept
            meta nfproto ipv6 oifname @open6 accept
            ip protocol icmp oifname @routed4 accept
            meta l4proto ipv6-icmp oifname @routed6 accept
            drop
          }

          chain published {
            iifname @internal drop
            accept
          }

          # A relay on this machine is a way out like any other.
          chain input {
            type filter hook input priority filter; policy accept;
            meta nfproto ipv6 iifname @internal meta l4proto . th dport @relayed drop
          }
        """;

    /// <summary>Commands that put the table with these entries in the place of what is there, in one transaction. Without IPv6 its rules let all of that pass.</summary>
    internal static string Replace(string name, IEnumerable<FirewallEntry> entries, bool ipv6 = true)
    {
        var bySet = entries.ToLookup(e => e.Set, e => e.Text);
        var text = new StringBuilder().Append(Remove(name)).Append("table inet ").Append(name).Append(" {\n");
        foreach (var (set, kind, type, size) in Sets)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {kind} {set} {{ type {type}; size {size};");
            if (bySet.Contains(set))
            {
                text.Append(" elements = { ").AppendJoin(", ", bySet[set]).Append(" };");
            }

            text.Append(" }\n");
        }

        return text.Append(ipv6 ? Chains : Chains.Replace("policy accept;", "policy accept; meta nfproto ipv6 accept;", StringComparison.Ordinal)).Append("\n}\n").ToString();
    }

    /// <summary>Commands that remove everything of ours, whether it is there or not.</summary>
    internal static string Remove(string name) =>
        $"add table inet {name}\ndelete table inet {name}\n";

    private static IEnumerable<(string Name, string Kind, string Type, int Size)> OfFamily(string family, string address) =>
    [
        ("hidden" + family, "set", "ifname", 4096),
        ("source" + family, "map", "ifname : " + address, 4096),
        ("open" + family, "set", "ifname", 4096),
        ("routed" + family, "set", "ifname", 4096),
        ("direct" + family, "set", $"inet_proto . {address} . inet_service", 32768),
        ("any" + family, "map", $"inet_proto . inet_service : {address} . inet_service", 32768),
        ("at" + family, "map", $"inet_proto . {address} . inet_service : {address} . inet_service", 32768),
    ];
}
