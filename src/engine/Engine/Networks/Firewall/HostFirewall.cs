using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>
/// Our nftables table. What it should hold is kept in memory, so that it can be put back whole at any time; a change of bridges or ports is one
/// transaction of entries, which takes microseconds however many there are. Usable from any thread.
/// </summary>
internal sealed partial class HostFirewall : IDisposable
{
    private readonly string _table;
    private readonly bool _enabled;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SafeFileHandle? _netns;
    private readonly Lock _turn = new();
    private readonly EntryCounts _entries = new();
    private readonly Dictionary<string, BridgeRules> _bridges = [];
    private readonly StaleConnections _stale;
    private NftSession? _session;
    private ITimer? _repair;

    /// <summary>Touches nothing yet.</summary>
    /// <param name="table">Name of the table, such as <c>slipway</c>: letters, digits and underscores.</param>
    /// <param name="enabled"><c>--iptables</c>: without it nothing is ever done.</param>
    /// <param name="time">Times the comparison with reality.</param>
    /// <param name="log">Told of repairs.</param>
    /// <param name="netns">The network namespace; null for the process's own.</param>
    internal HostFirewall(string table, bool enabled, TimeProvider time, ILogger log, SafeFileHandle? netns = null)
    {
        (_table, _enabled, _time, _log, _netns) = (table, enabled, time, log, netns);
        _stale = new StaleConnections(log, netns);
    }

    /// <summary><c>--ip6tables</c>: whether the rules are for IPv6 too.</summary>
    internal bool IPv6 { get; init; } = true;

    /// <summary>Puts the table in the place of what a daemon before this one left, in one transaction: no connection sees it missing.</summary>
    /// <exception cref="EngineException">nftables does not work here.</exception>
    internal void Load(IEnumerable<BridgeRules> bridges, IEnumerable<PortRule> ports)
    {
        if (!_enabled)
        {
            return;
        }

        lock (_turn)
        {
            foreach (var bridge in bridges.Where(b => _bridges.TryAdd(b.NetworkId, b)))
            {
                _entries.Add(FirewallEntry.For(bridge));
            }

            _entries.Add(ports.Select(FirewallEntry.For));
            Replace();
            AllowLoopback(_bridges.Values);
            _repair ??= _time.CreateTimer(_ => Repair(), null, s_interval, s_interval);
        }
    }

    /// <summary>Adds a bridge that exists.</summary>
    internal void AddBridge(BridgeRules rules)
    {
        lock (_turn)
        {
            var removed = _bridges.Remove(rules.NetworkId, out var before) ? _entries.Remove(FirewallEntry.For(before)) : [];
            _bridges[rules.NetworkId] = rules;
            var added = _entries.Add(FirewallEntry.For(rules));
            Commit([.. added.Except(removed)], [.. removed.Except(added)]);
            AllowLoopback([rules]);
        }
    }

    /// <summary>Forgets a bridge; nothing happens when it is not known.</summary>
    internal void RemoveBridge(string networkId)
    {
        lock (_turn)
        {
            if (_bridges.Remove(networkId, out var rules))
            {
                Commit(added: [], removed: _entries.Remove(FirewallEntry.For(rules)));
            }
        }
    }

    /// <summary>Opens published ports. Two rules for one host port are the caller's mistake; the later one holds.</summary>
    internal void AddPorts(IReadOnlyCollection<PortRule> rules)
    {
        lock (_turn)
        {
            Commit(added: _entries.Add(rules.Select(FirewallEntry.For)), removed: []);
        }

        _stale.ForgetBefore(rules);
    }

    /// <summary>Closes published ports.</summary>
    internal void RemovePorts(IReadOnlyCollection<PortRule> rules)
    {
        lock (_turn)
        {
            Commit(added: [], removed: _entries.Remove(rules.Select(FirewallEntry.For)));
        }

        _stale.ForgetAfter(rules);
    }

    /// <summary>Removes the table with everything in it.</summary>
    internal void Remove()
    {
        lock (_turn)
        {
            _repair?.Dispose();
            _repair = null;
            _entries.Clear();
            _bridges.Clear();
            if (_enabled)
            {
                Session.DeleteTable(NftFamily.Inet, _table);
            }
        }
    }

    /// <summary>Stops; the table stays and goes on working.</summary>
    public void Dispose()
    {
        _repair?.Dispose();
        _stale.Dispose();
        _session?.Dispose();
    }

    private NftSession Session => _session ??= _netns is null ? NftSession.Open() : NftSession.OpenIn(_netns);

    private void Commit(IReadOnlyList<FirewallEntry> added, IReadOnlyList<FirewallEntry> removed)
    {
        if (!_enabled || added.Count + removed.Count == 0)
        {
            return;
        }

        var changes = new NftTransaction();
        foreach (var set in removed.ToLookup(e => e.Set, e => e.Element))
        {
            changes.Delete(NftFamily.Inet, _table, set.Key, [.. set]);
        }

        foreach (var set in added.ToLookup(e => e.Set, e => e.Element))
        {
            changes.Add(NftFamily.Inet, _table, set.Key, [.. set]);
        }

        try
        {
            ApplyCounted(changes);
        }
        catch (LinuxException refused)
        {
            // Somebody took the table or entries away. What it should hold is known, so it is put back with the change in it.
            _log.LogWarning("the firewall table {Table} is not as it was left ({Reason}); it is put back", _table, refused.Message);
            Replace();
        }
    }

    private void Replace()
    {
        try
        {
            using var language = _netns is null ? NftLanguage.Open() : NftLanguage.OpenIn(_netns);
            language.Apply(FirewallTable.Replace(_table, _entries.Present, IPv6));
            Remember(language);
        }
        catch (Exception unusable) when (unusable is LinuxException or NotSupportedException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"cannot write the firewall table {_table}: {unusable.Message}", unusable);
        }
    }

    /// <summary>
    /// Lets replies to 127.0.0.1 come in through bridges, so that published ports answer there. Only after the table's guard stands, which keeps
    /// everything else of 127.0.0.0/8 out.
    /// </summary>
    private void AllowLoopback(IEnumerable<BridgeRules> bridges)
    {
        if (!_enabled)
        {
            return;
        }

        var settings = bridges.Select(b => $"/proc/sys/net/ipv4/conf/{b.Bridge}/route_localnet").ToList();
        try
        {
            if (_netns is null)
            {
                Allow(settings);
                return;
            }

            NetworkNamespace.RunIn(_netns, () => Allow(settings));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("published ports do not answer at 127.0.0.1: {Reason}", refused.Message);
        }
    }

    // Written only where it changes something: a machine may keep these read-only with the right value in them.
    private static bool Allow(List<string> settings)
    {
        foreach (var setting in settings.Where(path => File.Exists(path) && !File.ReadAllText(path).StartsWith('1')))
        {
            File.WriteAllText(setting, "1");
        }

        return true;
    }
}
