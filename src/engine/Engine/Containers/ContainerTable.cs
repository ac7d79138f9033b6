using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Slipway.Engine.Containers;

/// <summary>Every container there is, found by id, unambiguous prefix of an id, or name. Names are reserved here before anything is written.</summary>
public sealed partial class ContainerTable
{
    private readonly ConcurrentDictionary<string, Container> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>All containers, in no order.</summary>
    public IReadOnlyCollection<Container> All => [.. _byId.Values];

    /// <summary>Finds a container by full id, name (with or without a slash) or id prefix.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/> for an ambiguous prefix.</exception>
    public Container Get(string reference) =>
        Find(reference) ?? throw EngineException.NotFound($"No such container: {reference}");

    /// <summary>As <see cref="Get"/>, but null when there is none.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for an ambiguous prefix.</exception>
    public Container? Find(string reference)
    {
        if (_byId.TryGetValue(reference, out var container))
        {
            return container;
        }

        lock (_lock)
        {
            if (_names.TryGetValue(reference.TrimStart('/'), out var id) && _byId.TryGetValue(id, out container))
            {
                return container;
            }
        }

        return FindByPrefix(reference);
    }

    /// <summary>Whether a name follows Docker's rule.</summary>
    public static bool IsValidName(string name) => NamePattern().IsMatch(name);

    /// <summary>Takes a name for a container that is about to be created or renamed.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Conflict"/> when another container has it; <see cref="ErrorKind.InvalidArgument"/> when it is malformed.</exception>
    internal void ReserveName(string name, string id)
    {
        if (!IsValidName(name))
        {
            throw EngineException.Invalid($"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }

        lock (_lock)
        {
            if (!_names.TryAdd(name, id))
            {
                throw EngineException.Conflict($"Conflict. The container name \"/{name}\" is already in use by container \"{_names[name]}\". You have to remove (or rename) that container to be able to reuse that name.");
            }
        }
    }

    /// <summary>Takes a generated name that is free.</summary>
    internal string ReserveGeneratedName(string id)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = NameGenerator.Next(attempt);
            lock (_lock)
            {
                if (_names.TryAdd(name, id))
                {
                    return name;
                }
            }
        }
    }

    /// <summary>Gives a name back, if it still belongs to that container.</summary>
    internal void ReleaseName(string name, string id)
    {
        lock (_lock)
        {
            if (_names.TryGetValue(name, out var owner) && owner == id)
            {
                _names.Remove(name);
            }
        }
    }

    /// <summary>Makes a container visible.</summary>
    internal void Add(Container container)
    {
        _byId[container.Id] = container;
        lock (_lock)
        {
            _names[container.Name] = container.Id;
        }
    }

    /// <summary>Forgets a container and its name.</summary>
    internal void Remove(Container container)
    {
        _byId.TryRemove(container.Id, out _);
        ReleaseName(container.Name, container.Id);
    }

    private Container? FindByPrefix(string prefix)
    {
        if (prefix.Length == 0 || prefix.Length >= 64 || prefix.AsSpan().ContainsAnyExcept(HexDigits))
        {
            return null;
        }

        Container? found = null;
        foreach (var (id, container) in _byId)
        {
            if (id.StartsWith(prefix, StringComparison.Ordinal))
            {
                found = found is null ? container : throw EngineException.Invalid($"Multiple IDs found with provided prefix: {prefix}");
            }
        }

        return found;
    }

    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    [GeneratedRegex(@"^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+\z")]
    private static partial Regex NamePattern();
}
