using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>One entry of a set or map of our table, in both forms: for the kernel, and as text of a whole ruleset.</summary>
/// <param name="Set">The set or map.</param>
/// <param name="Element">Key and value for the kernel.</param>
/// <param name="Text">The same in the language of nft(8).</param>
internal sealed record FirewallEntry(string Set, NftElement Element, string Text)
{
    /// <summary>The entries that a bridge stands for.</summary>
    internal static IEnumerable<FirewallEntry> For(BridgeRules rules)
    {
        var bridge = Quote(rules.Bridge);
        yield return Link("bridges", rules.Bridge);
        yield return new FirewallEntry(
            rules.Icc ? "within" : "apart",
            new NftElement(NftValue.Join(NftValue.Interface(rules.Bridge), NftValue.Interface(rules.Bridge))),
            $"{bridge} . {bridge}");
        if (rules.Internal)
        {
            yield return Link("internal", rules.Bridge);
            yield break;
        }

        foreach (var entry in OfFamily(rules, "4", rules.Mode4, rules.Source4).Concat(OfFamily(rules, "6", rules.Mode6, rules.Source6)))
        {
            yield return entry;
        }
    }

    /// <summary>The entry that a published port stands for.</summary>
    internal static FirewallEntry For(PortRule rule)
    {
        var family = rule.HostAddress.AddressFamily == AddressFamily.InterNetwork ? "4" : "6";
        var protocol = NftValue.Protocol((int)ProtocolNumber(rule.Protocol));
        var target = NftValue.Join(NftValue.Address(rule.ContainerAddress), NftValue.Port(rule.ContainerPort));
        var targetText = $"{rule.ContainerAddress} . {Number(rule.ContainerPort)}";
        if (rule.Service == PortService.Relayed)
        {
            return new FirewallEntry("relayed", new NftElement(NftValue.Join(protocol, NftValue.Port(rule.HostPort))), $"{rule.Protocol} . {Number(rule.HostPort)}");
        }

        if (rule.Service == PortService.Direct)
        {
            return new FirewallEntry(
                "direct" + family,
                new NftElement(NftValue.Join(protocol, NftValue.Address(rule.ContainerAddress), NftValue.Port(rule.ContainerPort))),
                $"{rule.Protocol} . {targetText}");
        }

        return rule.HostAddress.Equals(IPAddress.Any) || rule.HostAddress.Equals(IPAddress.IPv6Any)
            ? new FirewallEntry(
                "any" + family,
                new NftElement(NftValue.Join(protocol, NftValue.Port(rule.HostPort)), target),
                $"{rule.Protocol} . {Number(rule.HostPort)} : {targetText}")
            : new FirewallEntry(
                "at" + family,
                new NftElement(NftValue.Join(protocol, NftValue.Address(rule.HostAddress), NftValue.Port(rule.HostPort)), target),
                $"{rule.Protocol} . {rule.HostAddress} . {Number(rule.HostPort)} : {targetText}");
    }

    /// <inheritdoc/>
    public bool Equals(FirewallEntry? other) => other is not null && Set == other.Set && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Set, Text);

    /// <summary>The number of a protocol in IP headers.</summary>
    internal static ProtocolType ProtocolNumber(string protocol) => protocol switch
    {
        "tcp" => ProtocolType.Tcp,
        "udp" => ProtocolType.Udp,
        "sctp" => (ProtocolType)132,
        _ => throw EngineException.Invalid("invalid proto: " + protocol),
    };

    private static IEnumerable<FirewallEntry> OfFamily(BridgeRules rules, string family, GatewayMode mode, IPAddress? source)
    {
        if (mode == GatewayMode.Routed)
        {
            yield return Link("routed" + family, rules.Bridge);
            yield break;
        }

        if (mode == GatewayMode.NatUnprotected)
        {
            yield return Link("open" + family, rules.Bridge);
        }

        if (rules.Masquerade)
        {
            yield return source is null
                ? Link("hidden" + family, rules.Bridge)
                : new FirewallEntry(
                    "source" + family, new NftElement(NftValue.Interface(rules.Bridge), NftValue.Address(source)), $"{Quote(rules.Bridge)} : {source}");
        }
    }

    private static FirewallEntry Link(string set, string link) => new(set, new NftElement(NftValue.Interface(link)), Quote(link));

    // The text is code: a name that could be more than a name is refused.
    private static string Quote(string link) =>
        link.Length is > 0 and < 16 && link.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '@' or '+')
            ? $"\"{link}\""
            : throw EngineException.Invalid($"invalid bridge name: {link}");

    private static string Number(ushort port) => port.ToString(CultureInfo.InvariantCulture);
}
