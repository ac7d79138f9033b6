using System.Net;
using Slipway.Engine.Networks.Firewall;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Firewall;

public sealed class ReachabilityTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Networks_are_apart_and_reach_out(bool bridgeFilter)
    {
        using var street = new Street(bridgeFilter);
        street.Firewall.Load([Street.Front, Street.Back, Street.Dark], []);
        await street.AssertReach(
            """
            a 10.9.1.3:80 10.9.1.2
            a [fd09:1::3]:80 fd09:1::2
            a 10.9.2.2:80 -
            a [fd09:2::2]:80 -
            a 10.9.3.2:80 -
            a 192.0.2.2:80 192.0.2.1
            a [2001:db8::2]:80 2001:db8::1
            a 127.0.0.1:7000 -
            c 10.9.1.2:80 -
            d 10.9.1.2:80 -
            d [fd09:1::2]:80 -
            d 192.0.2.2:80 -
            d [2001:db8::2]:80 -
            d 10.9.3.1:80 10.9.3.2
            host 10.9.1.2:80 10.9.1.1
            host [fd09:2::2]:80 fd09:2::1
            host 10.9.3.2:80 10.9.3.1
            host 127.0.0.1:7000 127.0.0.1
            outside 10.9.1.2:80 -
            outside [fd09:1::2]:80 -
            outside 10.9.3.2:80 -
            outside 127.0.0.1:7000 -
            """);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Published_ports_answer_everybody_but_internal_networks(bool bridgeFilter)
    {
        using var street = new Street(bridgeFilter);
        street.Firewall.Load([Street.Front, Street.Back, Street.Dark], []);
        street.Firewall.AddPorts([Street.Port("0.0.0.0", 8080, "10.9.1.2"), Street.Port("::", 8080, "fd09:1::2"), Street.Port("192.0.2.1", 8081, "10.9.2.2")]);
        await street.AssertReach(
            """
            host 127.0.0.1:8080 10.9.1.1
            host 127.0.0.2:8080 10.9.1.1
            host 192.0.2.1:8080 192.0.2.1
            host 10.9.2.1:8080 10.9.2.1
            host [2001:db8::1]:8080 2001:db8::1
            host 127.0.0.1:8081 -
            host 192.0.2.1:8081 192.0.2.1
            outside 192.0.2.1:8080 192.0.2.2
            outside [2001:db8::1]:8080 2001:db8::2
            outside 192.0.2.1:8081 192.0.2.2
            outside 192.0.2.1:8082 -
            outside 10.9.1.2:80 -
            a 192.0.2.1:8080 10.9.1.1
            a [2001:db8::1]:8080 fd09:1::1
            a 10.9.1.1:8080 10.9.1.1
            b 10.9.1.1:8080 10.9.1.1
            b 192.0.2.1:8081 10.9.1.3
            c 192.0.2.1:8080 10.9.2.2
            c 192.0.2.1:8081 10.9.2.1
            d 192.0.2.1:8080 -
            d 10.9.3.1:8080 -
            d [fd09:3::1]:8080 -
            """);

        street.Firewall.RemovePorts([Street.Port("0.0.0.0", 8080, "10.9.1.2"), Street.Port("::", 8080, "fd09:1::2")]);
        await street.AssertReach(
            "host 127.0.0.1:8080 -\noutside 192.0.2.1:8080 -\noutside 192.0.2.1:8081 192.0.2.2");
    }

    [Fact]
    public async Task A_port_at_a_loopback_address_is_for_the_host_alone()
    {
        using var street = new Street();
        Street.SendLoopbackToHost(street["b"], "10.9.1.1");
        Street.SendLoopbackToHost(street["c"], "10.9.2.1");
        street.Firewall.Load([Street.Front, Street.Back], []);
        street.Firewall.AddPorts([Street.Port("127.0.0.1", 8080, "10.9.1.2"), Street.Port("0.0.0.0", 8081, "10.9.1.2")]);
        await street.AssertReach(
            """
            host 127.0.0.1:8080 10.9.1.1
            host 192.0.2.1:8080 -
            outside 127.0.0.1:8080 -
            outside 127.0.0.1:8081 -
            outside 127.0.0.1:7000 -
            outside 192.0.2.1:8080 -
            outside 10.9.1.1:8080 -
            outside 10.9.1.2:80 -
            b 127.0.0.1:8080 -
            b 127.0.0.1:7000 -
            b 10.9.1.1:8080 -
            c 127.0.0.1:8080 -
            c 127.0.0.1:8081 -
            c 127.0.0.1:7000 -
            c 192.0.2.1:8080 -
            """);
    }

    [Fact]
    public async Task Gateway_modes_open_what_they_say()
    {
        using var street = new Street();
        street.Firewall.Load(
            [Street.Front with { Mode4 = GatewayMode.NatUnprotected, Mode6 = GatewayMode.Routed }, Street.Back with { Mode4 = GatewayMode.Routed, Masquerade = true, Source6 = IPAddress.Parse("fd09:2::1") }],
            [
                Street.Port("0.0.0.0", 8080, "10.9.1.2"),
                Street.Port("0.0.0.0", 0, "10.9.2.2", service: PortService.Direct),
                Street.Port("::", 0, "fd09:1::2", service: PortService.Direct),
            ]);
        await street.AssertReach(
            """
            outside 192.0.2.1:8080 192.0.2.2
            outside 10.9.1.2:80 192.0.2.2
            outside 10.9.1.3:80 192.0.2.2
            outside [fd09:1::2]:80 2001:db8::2
            outside [fd09:1::3]:80 -
            outside 10.9.2.2:80 192.0.2.2
            a 10.9.2.2:80 10.9.1.2
            c 10.9.1.2:80 -
            c 192.0.2.2:80 10.9.2.2
            c [2001:db8::2]:80 fd09:2::1
            a [2001:db8::2]:80 fd09:1::2
            """);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Containers_that_may_not_talk_still_publish(bool bridgeFilter)
    {
        using var street = new Street(bridgeFilter);
        street.Host.Links.Apply(new RouteBatch().SetBridgePort("port-a", isolated: true).SetBridgePort("port-b", isolated: true));
        street.Firewall.Load([Street.Front with { Icc = false }], [Street.Port("0.0.0.0", 8080, "10.9.1.2")]);
        await street.AssertReach(
            "b 10.9.1.2:80 -\nb [fd09:1::2]:80 -\nb 192.0.2.2:80 192.0.2.1\noutside 192.0.2.1:8080 192.0.2.2\nhost 127.0.0.1:8080 10.9.1.1");
    }

    [Fact]
    public async Task A_relay_on_the_host_is_no_way_out_of_an_internal_network()
    {
        using var street = new Street();
        street.Listen(street.Host, "::", 8080);
        street.Firewall.Load([Street.Front, Street.Dark], [Street.Port("::", 8080, "10.9.1.2", service: PortService.Relayed)]);
        await street.AssertReach(
            "a [fd09:1::1]:8080 fd09:1::2\nd [fd09:3::1]:8080 -\nd [2001:db8::1]:8080 -\noutside [2001:db8::1]:8080 2001:db8::2");
    }
}
