using System.Globalization;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Fixture;

/// <summary>
/// Another machine on the host's outside: a network namespace with one cable to the host. It has the host as its router, so it would reach
/// containers' own addresses if the host let it.
/// </summary>
internal sealed class Neighbour : IDisposable
{
    private readonly string _name = "nb" + Guid.NewGuid().ToString("N")[..8];

    private Neighbour(int subnet)
    {
        Subnet = $"198.18.{subnet}.0/24";
        HostAddress = $"198.18.{subnet}.1";
        Address = $"198.18.{subnet}.2";
    }

    /// <summary>The subnet on the cable.</summary>
    internal string Subnet { get; }

    /// <summary>The host's end of the cable.</summary>
    internal string HostLink => _name + "h";

    /// <summary>Its address.</summary>
    internal string Address { get; }

    /// <summary>The host's address on the cable.</summary>
    internal string HostAddress { get; }

    /// <summary>Plugs one in.</summary>
    internal static Neighbour Create()
    {
        var neighbour = new Neighbour(Random.Shared.Next(1, 250));
        var (host, peer) = (neighbour._name + "h", neighbour._name + "p");
        Tool.Run("ip", "netns", "add", neighbour._name);
        Tool.Run("ip", "link", "add", host, "type", "veth", "peer", "name", peer, "netns", neighbour._name);
        Tool.Run("ip", "addr", "add", neighbour.HostAddress + "/24", "dev", host);
        Tool.Run("ip", "link", "set", host, "up");
        neighbour.Ip("addr", "add", neighbour.Address + "/24", "dev", peer);
        neighbour.Ip("link", "set", peer, "up");
        neighbour.Ip("link", "set", "lo", "up");
        neighbour.Ip("route", "add", "default", "via", neighbour.HostAddress);
        return neighbour;
    }

    /// <summary>Whether it reaches a TCP port.</summary>
    internal bool Reaches(string address, int port) =>
        Run("nc", "-w", "1", address, port.ToString(CultureInfo.InvariantCulture), "-e", "/bin/true") == 0;

    /// <summary>What a web server says to it; "-" for no answer.</summary>
    internal string Get(string address) =>
        Tool.Try("ip", "netns", "exec", _name, "timeout", "1", "/bin/busybox", "wget", "-qO-", $"http://{address}/hello") is { Code: 0 } answer ? answer.Output.Trim() : "-";

    /// <summary>What a UDP service sends back to it; "-" for no answer.</summary>
    internal string Echo(string address, int port) => Datagrams.Ask(address, port, "ip", "netns", "exec", _name);

    /// <summary>From now on it sends to this machine what is for 127.0.0.0/8.</summary>
    internal void SendLoopbackToHost()
    {
        Ip("link", "set", "lo", "down");
        Ip("route", "add", "127.0.0.0/8", "via", HostAddress);
        Run("sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 1 > $f; done");
    }

    /// <summary>Whether it gets an answer to a ping.</summary>
    internal bool Pings(string address) => Run("ping", "-c", "1", "-W", "1", address) == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        Tool.Try("ip", "netns", "del", _name);
        Tool.Try("ip", "link", "del", _name + "h");
    }

    private int Run(params string[] command) => Tool.Try("ip", ["netns", "exec", _name, "busybox", .. command]).Code;

    private void Ip(params string[] arguments) => Tool.Run("ip", ["-n", _name, .. arguments]);
}
