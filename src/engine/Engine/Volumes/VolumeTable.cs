namespace Slipway.Engine.Volumes;

/// <summary>
/// Every volume there is, and which containers have it. A volume that a container has cannot be removed; the reference is taken under the
/// same lock that removal looks under.
/// </summary>
public sealed class VolumeTable
{
    private readonly Dictionary<string, Volume> _volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _references = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly Lock _lock = new();

    /// <summary>All volumes, by name.</summary>
    public IReadOnlyList<Volume> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _volumes.Values.OrderBy(volume => volume.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The volume of that name.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public Volume Get(string name) => Find(name) ?? throw EngineException.NotFound($"get {name}: no such volume");

    /// <summary>The volume of that name, or null.</summary>
    public Volume? Find(string name)
    {
        lock (_lock)
        {
            return _volumes.GetValueOrDefault(name);
        }
    }

    /// <summary>Notes that a container has the volume, before the container's record is written.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>: it was removed meanwhile.</exception>
    public void Reference(string name, string containerId)
    {
        lock (_lock)
        {
            if (!_volumes.ContainsKey(name))
            {
                throw EngineException.NotFound($"get {name}: no such volume");
            }

            AddReference(name, containerId);
        }
    }

    /// <summary>Notes what the containers of an earlier run have; also volumes that are damaged or missing.</summary>
    public void Restore(IEnumerable<(string ContainerId, string Volume)> references)
    {
        lock (_lock)
        {
            foreach (var (containerId, volume) in references)
            {
                AddReference(volume, containerId);
            }
        }
    }

    /// <summary>Notes that a container has no volume any more: it was removed, or not created after all.</summary>
    public void Release(string containerId)
    {
        lock (_lock)
        {
            foreach (var (name, holders) in _references.ToArray())
            {
                if (holders.Remove(containerId) && holders.Count == 0)
                {
                    _references.Remove(name);
                }
            }
        }
    }

    /// <summary>The ids of the containers that have the volume, running or not.</summary>
    public IReadOnlyList<string> References(string name)
    {
        lock (_lock)
        {
            return _references.TryGetValue(name, out var holders) ? [.. holders.Order(StringComparer.Ordinal)] : [];
        }
    }

    /// <summary>Serializes creation and removal of one name.</summary>
    internal async Task<SemaphoreSlim> EnterAsync(string name)
    {
        var gate = _gates[(uint)string.GetHashCode(name, StringComparison.Ordinal) % (uint)_gates.Length];
        await gate.WaitAsync().ConfigureAwait(false);
        return gate;
    }

    /// <summary>Makes a volume visible.</summary>
    internal void Add(Volume volume, string? containerId = null)
    {
        lock (_lock)
        {
            _volumes[volume.Name] = volume;
            if (containerId is not null)
            {
                AddReference(volume.Name, containerId);
            }
        }
    }

    /// <summary>Makes a volume invisible unless a container has it.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Conflict"/>.</exception>
    internal void Hide(Volume volume)
    {
        lock (_lock)
        {
            if (_references.TryGetValue(volume.Name, out var holders))
            {
                throw EngineException.Conflict($"remove {volume.Name}: volume is in use - [{string.Join(", ", holders.Order(StringComparer.Ordinal))}]");
            }

            _volumes.Remove(volume.Name);
        }
    }

    private void AddReference(string name, string containerId)
    {
        if (!_references.TryGetValue(name, out var holders))
        {
            _references[name] = holders = new HashSet<string>(StringComparer.Ordinal);
        }

        holders.Add(containerId);
    }
}
