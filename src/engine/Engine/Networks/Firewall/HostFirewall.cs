using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>
/// The engine's nftables table: written as a whole when bridges come or go, entry by entry when ports do, and put back within half a minute
/// after somebody flushed it. Other tables are never touched.
/// </summary>
internal sealed class HostFirewall(string table, bool enabled, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan RepairInterval = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, BridgeRules> _bridges = new(StringComparer.Ordinal);
    private readonly HashSet<PortRule> _ports = [];
    private readonly Lock _lock = new();
    private readonly Lazy<NftSession> _session = new(NftSession.Open);
    private ITimer? _repair;
    private uint _generation;

    /// <summary>Takes over what an earlier daemon had, in one transaction.</summary>
    internal void Load(IEnumerable<BridgeRules> bridges, IEnumerable<PortRule> ports)
    {
        lock (_lock)
        {
            foreach (var bridge in bridges)
            {
                _bridges[bridge.NetworkId] = bridge;
            }

            _ports.UnionWith(ports);
            Rewrite();
        }
    }

    /// <summary>Begins to serve a bridge.</summary>
    internal void AddBridge(BridgeRules bridge)
    {
        lock (_lock)
        {
            if (_bridges.TryAdd(bridge.NetworkId, bridge))
            {
                Rewrite();
            }
        }
    }

    /// <summary>Forgets a bridge.</summary>
    internal void RemoveBridge(string networkId)
    {
        lock (_lock)
        {
            if (_bridges.Remove(networkId))
            {
                Rewrite();
            }
        }
    }

    /// <summary>Opens ports: some microseconds each.</summary>
    internal void AddPorts(IReadOnlyCollection<PortRule> ports)
    {
        lock (_lock)
        {
            _ports.UnionWith(ports);
            Change(ports, (transaction, set, element) => transaction.Add(NftFamily.Inet, table, set, element));
        }
    }

    /// <summary>Closes ports.</summary>
    internal void RemovePorts(IReadOnlyCollection<PortRule> ports)
    {
        lock (_lock)
        {
            _ports.ExceptWith(ports);
            Change(ports, (transaction, set, element) => transaction.Delete(NftFamily.Inet, table, set, element));
        }
    }

    /// <summary>Removes the table with everything in it.</summary>
    internal void Remove()
    {
        lock (_lock)
        {
            _repair?.Dispose();
            _repair = null;
            if (enabled)
            {
                _session.Value.DeleteTable(NftFamily.Inet, table);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _repair?.Dispose();
        if (_session.IsValueCreated)
        {
            _session.Value.Dispose();
        }
    }

    private void Change(IReadOnlyCollection<PortRule> ports, Func<NftTransaction, string, NftElement, NftTransaction> change)
    {
        if (!enabled || ports.Count == 0)
        {
            return;
        }

        var transaction = new NftTransaction();
        foreach (var (set, element) in ports.Select(port => (Ruleset.SetOf(port), Ruleset.Element(port))).DistinctBy(entry => (entry.Item1, entry.Item2.Key)))
        {
            change(transaction, set, element);
        }

        try
        {
            _session.Value.Apply(transaction);
            _generation = _session.Value.ReadGeneration();
        }
        catch (LinuxException e)
        {
            log.LogInformation("firewall: {Reason}; the table is written anew", e.Message);
            Rewrite();
        }
    }

    private void Rewrite()
    {
        if (!enabled)
        {
            return;
        }

        try
        {
            using var language = NftLanguage.Open();
            language.Apply(Ruleset.Write(table, _bridges.Values, _ports));
            _generation = _session.Value.ReadGeneration();
        }
        catch (Exception e) when (e is LinuxException or NotSupportedException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"cannot write firewall rules: {e.Message}", e);
        }

        _repair ??= time.CreateTimer(_ => Repair(), null, RepairInterval, RepairInterval);
    }

    // The generation changes with every change of anybody's; only then is there something to look at.
    private void Repair()
    {
        lock (_lock)
        {
            try
            {
                if (_repair is not null && _session.Value.ReadGeneration() != _generation)
                {
                    Rewrite();
                }
            }
            catch (Exception e) when (e is LinuxException or EngineException)
            {
                log.LogWarning("firewall: cannot repair the rules: {Reason}", e.Message);
            }
        }
    }
}
