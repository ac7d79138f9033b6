using System.Net;

namespace Slipway.Linux.Tests;

public sealed class NftTests : IDisposable
{
    private const string Table = "slipway_test_nft";

    private const string Rules = $$"""
        table inet {{Table}} {
          set addresses { type ipv4_addr . inet_service; size 65536; }
          map ports { type inet_proto . inet_service : ipv4_addr . inet_service; }
          chain one { }
          chain two { }
          map chains { type ifname : verdict; }
          chain forward { type filter hook forward priority 0; policy accept; iifname vmap @chains; }
        }
        """;

    private readonly NetworkSandbox place = NetworkSandbox.Create([]);
    private readonly NftSession session;
    private readonly NftLanguage language;

    public NftTests()
    {
        session = NftSession.OpenIn(place.Namespace);
        language = NftLanguage.OpenIn(place.Namespace);
    }

    public void Dispose()
    {
        session.Dispose();
        language.Dispose();
        place.Dispose();
    }

    [Fact]
    public void Rules_are_written_listed_and_removed()
    {
        var before = session.ReadGeneration();
        Assert.False(session.TableExists(NftFamily.Inet, Table));
        Assert.Null(language.ListTable(NftFamily.Inet, Table));
        language.Apply(Rules);
        Assert.True(session.TableExists(NftFamily.Inet, Table));
        Assert.False(session.TableExists(NftFamily.Ip, Table));
        Assert.NotEqual(before, session.ReadGeneration());
        Assert.Equal(session.ReadGeneration(), session.ReadGeneration());
        using (var listed = language.ListTable(NftFamily.Inet, Table)!)
        {
            var items = listed.RootElement.GetProperty("nftables").EnumerateArray().ToList();
            Assert.Equal(3, items.Count(i => i.TryGetProperty("chain", out _)));
            Assert.Single(items, i => i.TryGetProperty("rule", out _));
        }

        Assert.True(session.DeleteTable(NftFamily.Inet, Table));
        Assert.False(session.DeleteTable(NftFamily.Inet, Table));
        using var host = NftSession.Open();
        Assert.False(host.TableExists(NftFamily.Inet, Table));
    }

    [Fact]
    public void A_table_is_replaced_in_one_go_and_only_that_table()
    {
        language.Apply("table inet slipway_test_other { }");
        language.Apply(Rules);
        session.Apply(new NftTransaction().Add(NftFamily.Inet, Table, "chains", new NftElement(NftValue.Interface("veth1"), Verdict: NftVerdict.Accept)));
        language.Apply($"add table inet {Table}; delete table inet {Table}\n" + Rules);
        Assert.Empty(session.ListElements(NftFamily.Inet, Table, "chains"));
        Assert.True(session.TableExists(NftFamily.Inet, "slipway_test_other"));
        Assert.Throws<LinuxException>(() => language.Apply($"delete table inet {Table}\n" + Rules + "\nadd rule inet nowhere c accept"));
        Assert.True(session.TableExists(NftFamily.Inet, Table));
    }

    [Fact]
    public void Wrong_rules_change_nothing_and_say_what_is_wrong()
    {
        var wrong = Assert.Throws<LinuxException>(() => language.Apply($"add table inet {Table}; add rule inet {Table} nowhere accept"));
        Assert.True(wrong.IsNotFound);
        Assert.Contains("No such file", wrong.Detail, StringComparison.Ordinal);
        Assert.False(session.TableExists(NftFamily.Inet, Table));
        Assert.Equal(Errno.Invalid, Assert.Throws<LinuxException>(() => language.Apply("nonsense")).Errno);
    }

    [Fact]
    public void Elements_of_every_kind_are_added_listed_and_removed()
    {
        language.Apply(Rules);
        var address = new NftElement(NftValue.Join(NftValue.Address(IPAddress.Parse("10.0.0.1")), NftValue.Port(80)));
        var port = new NftElement(
            NftValue.Join(NftValue.Protocol(6), NftValue.Port(8080)), NftValue.Join(NftValue.Address(IPAddress.Parse("10.0.0.1")), NftValue.Port(80)));
        var chain = new NftElement(NftValue.Interface("veth1"), Verdict: NftVerdict.Jump("one"));
        session.Apply(new NftTransaction()
            .Add(NftFamily.Inet, Table, "addresses", address)
            .Add(NftFamily.Inet, Table, "ports", port)
            .Add(NftFamily.Inet, Table, "chains", chain, new NftElement(NftValue.Interface("veth2"), Verdict: NftVerdict.Drop)));
        Assert.Equal(address, Assert.Single(session.ListElements(NftFamily.Inet, Table, "addresses")));
        Assert.Equal(port, Assert.Single(session.ListElements(NftFamily.Inet, Table, "ports")));
        Assert.Contains(chain, session.ListElements(NftFamily.Inet, Table, "chains"));
        using (var listed = language.ListTable(NftFamily.Inet, Table)!)
        {
            var text = listed.RootElement.GetRawText();
            Assert.Contains("""[{"concat": ["tcp", 8080]}, {"concat": ["10.0.0.1", 80]}]""", text, StringComparison.Ordinal);
            Assert.Contains("""["veth1", {"jump": {"target": "one"}}]""", text, StringComparison.Ordinal);
        }

        session.Apply(new NftTransaction().Delete(NftFamily.Inet, Table, "ports", port).Clear(NftFamily.Inet, Table, "chains"));
        Assert.Empty(session.ListElements(NftFamily.Inet, Table, "ports"));
        Assert.Empty(session.ListElements(NftFamily.Inet, Table, "chains"));
    }

    [Fact]
    public void A_transaction_is_made_whole_or_not_at_all()
    {
        language.Apply(Rules);
        var elements = Enumerable.Range(0, 20_000).Select(i =>
            new NftElement(NftValue.Join(NftValue.Address(new IPAddress([10, 1, (byte)(i >> 8), (byte)i])), NftValue.Port(i)))).ToArray();
        var refused = Assert.Throws<LinuxException>(() => session.Apply(new NftTransaction()
            .Add(NftFamily.Inet, Table, "addresses", elements)
            .Delete(NftFamily.Inet, Table, "chains", new NftElement(NftValue.Interface("veth9")))));
        Assert.True(refused.IsNotFound);
        Assert.StartsWith($"delete element of {Table} chains: ", refused.Message, StringComparison.Ordinal);
        Assert.Empty(session.ListElements(NftFamily.Inet, Table, "addresses"));
        session.Apply(new NftTransaction().Add(NftFamily.Inet, Table, "addresses", elements));
        Assert.Equal(elements.Length, session.ListElements(NftFamily.Inet, Table, "addresses").Distinct().Count());
        session.Apply(new NftTransaction().Delete(NftFamily.Inet, Table, "addresses", elements));
        Assert.Empty(session.ListElements(NftFamily.Inet, Table, "addresses"));
    }
}
