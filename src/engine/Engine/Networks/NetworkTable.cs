using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.State;

namespace Slipway.Engine.Networks;

/// <summary>Every network there is, found by id, unambiguous prefix of an id, or name.</summary>
public sealed class NetworkTable
{
    private readonly Dictionary<string, Network> _byId = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    internal NetworkTable()
    {
        foreach (var plain in BuiltInNetworks.Plain)
        {
            _byId[plain.Id] = new Network(plain);
        }
    }

    /// <summary>All networks, oldest first.</summary>
    public IReadOnlyList<Network> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _byId.Values.OrderBy(network => network.Record.Created)];
            }
        }
    }

    /// <summary>Finds a network by full id, name or id prefix, in this order.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/> for an ambiguous prefix.</exception>
    public Network Get(string reference) => Find(reference) ?? throw EngineException.NotFound($"network {reference} not found");

    /// <summary>As <see cref="Get"/>, but null when there is none.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for an ambiguous prefix.</exception>
    public Network? Find(string reference)
    {
        // The old name of the default network is "default"; it means the same in create requests.
        var name = reference is "default" or "" ? BuiltInNetworks.Bridge : reference;
        lock (_lock)
        {
            if (_byId.TryGetValue(name, out var network) || (network = _byId.Values.FirstOrDefault(n => n.Record.Name == name)) is not null)
            {
                return network;
            }

            var matches = _byId.Values.Where(n => n.Record.Id.StartsWith(name, StringComparison.Ordinal)).Take(2).ToList();
            return matches.Count < 2 ? matches.FirstOrDefault() : throw EngineException.Invalid($"network {reference} is ambiguous ({matches.Count} matches found on name)");
        }
    }

    /// <summary>Adds a network.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Conflict"/> when the name is taken.</exception>
    internal void Add(Network network)
    {
        lock (_lock)
        {
            if (_byId.Values.Any(n => n.Record.Name == network.Record.Name))
            {
                throw EngineException.Conflict($"network with name {network.Record.Name} already exists");
            }

            _byId.Add(network.Record.Id, network);
        }
    }

    /// <summary>Forgets a network.</summary>
    internal void Remove(Network network)
    {
        lock (_lock)
        {
            _byId.Remove(network.Record.Id);
        }
    }

    /// <summary>Loads the rows. One that cannot be read is reported and kept in the database.</summary>
    internal void Load(StateStore state, ILogger log)
    {
        foreach (var (id, json) in state.Load(StateRoom.Networks))
        {
            try
            {
                if (JsonSerializer.Deserialize(json, NetworkJson.Default.NetworkRecord) is { } record && record.Id == id)
                {
                    Add(new Network(record));
                }
            }
            catch (JsonException e)
            {
                log.LogError("network {Id}: its record is damaged: {Reason}", id, e.Message);
            }
        }
    }
}
