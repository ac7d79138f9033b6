using System.Net;
using Slipway.Engine.Networks.Firewall;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Firewall;

public sealed class RepairTests : IDisposable
{
    private const string Foreign = "table inet foreign {\n  chain c {\n    type filter hook forward priority 5; policy accept;\n    ip saddr 203.0.113.9 drop\n  }\n}\n";
    private const string Matrix = """
        a 192.0.2.2:80 192.0.2.1
        d 192.0.2.2:80 -
        outside 192.0.2.1:8080 192.0.2.2
        outside 10.9.1.2:80 -
        outside 10.9.3.2:80 -
        host 127.0.0.1:8080 10.9.1.1
        outside 127.0.0.1:8080 -
        """;

    private readonly Street _street = new();
    private readonly NftLanguage _language;

    public RepairTests()
    {
        _language = NftLanguage.OpenIn(_street.Host.Namespace);
        _street.Firewall.Load([Street.Front, Street.Dark], [Street.Port("0.0.0.0", 8080, "10.9.1.2")]);
    }

    public void Dispose()
    {
        _language.Dispose();
        _street.Dispose();
    }

    [Theory]
    [InlineData("flush ruleset")]
    [InlineData("delete table inet slipway_test")]
    [InlineData("flush chain inet slipway_test inbound")]
    [InlineData("insert rule inet slipway_test inbound accept")]
    [InlineData("flush map inet slipway_test any4")]
    [InlineData("delete element inet slipway_test bridges { \"dark\" }")]
    [InlineData("add element inet slipway_test open4 { \"front\" }")]
    public async Task What_others_change_is_put_back(string change)
    {
        await _street.AssertReach(Matrix);
        _language.Apply(change);
        Assert.True(_street.Firewall.RepairNow());
        await _street.AssertReach(Matrix);
        Assert.False(_street.Firewall.RepairNow());
    }

    [Fact]
    public void Rules_of_others_are_left_alone_and_are_no_reason_to_write()
    {
        _language.Apply(Foreign);
        Assert.False(_street.Firewall.RepairNow());
        _street.Firewall.AddBridge(Street.Back);
        _street.Firewall.AddPorts([Street.Port("0.0.0.0", 8081, "10.9.2.2")]);
        _language.Apply("delete table inet slipway_test");
        Assert.True(_street.Firewall.RepairNow());
        using var foreign = _language.ListTable(NftFamily.Inet, "foreign");
        Assert.Contains("203.0.113.9", foreign!.RootElement.GetRawText(), StringComparison.Ordinal);
        _street.Firewall.Remove();
        using var ours = _language.ListTable(NftFamily.Inet, "slipway_test");
        Assert.Null(ours);
    }

    [Fact]
    public async Task A_change_puts_a_table_back_that_was_taken_away()
    {
        _language.Apply("flush ruleset");
        _street.Firewall.AddPorts([Street.Port("0.0.0.0", 8081, "10.9.1.3")]);
        _language.Apply("flush ruleset");
        _street.Firewall.RemovePorts([Street.Port("0.0.0.0", 8080, "10.9.1.2")]);
        await _street.AssertReach(
            "outside 192.0.2.1:8080 -\noutside 192.0.2.1:8081 192.0.2.2\nd 192.0.2.2:80 -");
    }

    [Fact]
    public async Task The_next_daemon_takes_over_and_drops_what_is_gone()
    {
        using (var next = new HostFirewall("slipway_test", enabled: true, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, _street.Host.Namespace))
        {
            next.Load([Street.Front, Street.Back], [Street.Port("0.0.0.0", 8082, "10.9.2.2")]);
            Assert.False(next.RepairNow());
        }

        await _street.AssertReach(
            "outside 192.0.2.1:8080 -\noutside 192.0.2.1:8082 192.0.2.2\nc 192.0.2.2:80 192.0.2.1");
    }

    [Fact]
    public void A_thousand_ports_come_and_go_and_are_no_burden_for_the_next()
    {
        var many = Enumerable.Range(0, 1000).Select(i => Street.Port("0.0.0.0", (ushort)(10000 + i), "10.9.1.2")).ToList();
        foreach (var container in many.Chunk(5))
        {
            _street.Firewall.AddPorts(container);
        }

        Assert.False(_street.Firewall.RepairNow());
        _language.Apply("flush map inet slipway_test any4");
        Assert.True(_street.Firewall.RepairNow());
        _street.Firewall.RemovePorts(many);
        using var session = NftSession.OpenIn(_street.Host.Namespace);
        Assert.Single(session.ListElements(NftFamily.Inet, "slipway_test", "any4"));
    }

    [Fact]
    public void A_rule_that_several_need_stays_until_the_last_is_gone()
    {
        var direct = Street.Port("0.0.0.0", 0, "10.9.1.2", service: PortService.Direct);
        using var session = NftSession.OpenIn(_street.Host.Namespace);
        _street.Firewall.AddPorts([direct, direct with { HostAddress = IPAddress.Parse("192.0.2.1") }]);
        _street.Firewall.RemovePorts([direct]);
        Assert.Single(session.ListElements(NftFamily.Inet, "slipway_test", "direct4"));
        _street.Firewall.RemovePorts([direct]);
        Assert.Empty(session.ListElements(NftFamily.Inet, "slipway_test", "direct4"));
    }

    [Fact]
    public void Nothing_is_written_when_it_is_switched_off()
    {
        using var off = new HostFirewall("slipway_off", enabled: false, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, _street.Host.Namespace);
        off.Load([Street.Front], []);
        off.AddBridge(Street.Back);
        off.AddPorts([Street.Port("0.0.0.0", 1, "10.9.1.2")]);
        using var table = _language.ListTable(NftFamily.Inet, "slipway_off");
        Assert.Null(table);
        Assert.Equal("0", NetworkNamespace.RunIn(_street.Host.Namespace, () => File.ReadAllText("/proc/sys/net/ipv4/conf/back/route_localnet").Trim()));
    }
}
