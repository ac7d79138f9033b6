using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>Comparison with reality: somebody may flush the ruleset or reload another firewall at any time.</summary>
internal sealed partial class HostFirewall
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);
    private static readonly string[] s_itemsOfTheTable = ["chain", "rule", "set", "map"];

    // The ruleset's number after the last change that was ours alone, and what the table's fixed part looked like when it was new.
    private uint _generation;
    private string _skeleton = "";

    // Every time one cheap question tells whether anything was touched.
    private void Repair()
    {
        try
        {
            RepairNow();
        }
        catch (Exception failure) when (failure is EngineException or LinuxException)
        {
            _log.LogError("the firewall table {Table} could not be checked: {Reason}", _table, failure.Message);
        }
    }

    /// <summary>Compares once; true when something was put back.</summary>
    internal bool RepairNow()
    {
        lock (_turn)
        {
            // Not loaded yet: nothing is known about how it should be.
            if (_repair is null || _skeleton.Length == 0 || Session.ReadGeneration() is var generation && generation == _generation)
            {
                return false;
            }

            if (IsRight())
            {
                _generation = generation;
                return false;
            }

            Replace();
            AllowLoopback(_bridges.Values);
            _log.LogWarning("the firewall table {Table} was changed or removed by somebody else; it is back", _table);
            return true;
        }
    }

    private void ApplyCounted(NftTransaction changes)
    {
        var before = Session.ReadGeneration();
        Session.Apply(changes);
        if (before == _generation && Session.ReadGeneration() is var after && after == unchecked(before + 1))
        {
            _generation = after;
        }
    }

    private bool IsRight()
    {
        using var language = _netns is null ? NftLanguage.Open() : NftLanguage.OpenIn(_netns);
        using var table = language.ListTable(NftFamily.Inet, _table);
        if (table is null || Skeleton(table) != _skeleton)
        {
            return false;
        }

        var wanted = _entries.Present.ToLookup(e => e.Set, e => e.Element);
        return FirewallTable.Sets.All(set =>
            Session.ListElements(NftFamily.Inet, _table, set.Name).ToHashSet().SetEquals(wanted[set.Name]));
    }

    private void Remember(NftLanguage language)
    {
        using var table = language.ListTable(NftFamily.Inet, _table);
        _skeleton = table is null ? "" : Skeleton(table);
        _generation = Session.ReadGeneration();
    }

    /// <summary>Chains, rules, and declarations of sets, without entries and without what the kernel numbers itself.</summary>
    private static string Skeleton(JsonDocument table)
    {
        using var text = new MemoryStream();
        using var writer = new Utf8JsonWriter(text);
        writer.WriteStartArray();
        foreach (var item in table.RootElement.GetProperty("nftables").EnumerateArray())
        {
            foreach (var part in item.EnumerateObject().Where(p => s_itemsOfTheTable.Contains(p.Name)))
            {
                writer.WriteStartObject();
                foreach (var property in part.Value.EnumerateObject().Where(p => p.Name is not ("handle" or "elem")))
                {
                    property.WriteTo(writer);
                }

                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        writer.Flush();
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
