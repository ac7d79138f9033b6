namespace Slipway.Engine.Content;

/// <summary>
/// Keeps garbage collection away from work in progress. Whoever makes objects in several steps holds a <see cref="Lease"/>; everything that
/// is touched (written, or found present and relied on) since the oldest open lease began is not collected.
/// </summary>
public sealed class LeaseTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _touched = [];
    private readonly HashSet<Lease> _open = [];
    private long _sequence;

    /// <summary>Opens a lease; dispose it when the rows that name the new objects are committed.</summary>
    public Lease Begin()
    {
        lock (_lock)
        {
            var lease = new Lease(this, ++_sequence);
            _open.Add(lease);
            return lease;
        }
    }

    /// <summary>Notes that an object (a blob's digest, a snapshot's chain id) was written or is relied on.</summary>
    public void Touch(string name)
    {
        lock (_lock)
        {
            _touched[name] = ++_sequence;
        }
    }

    /// <summary>
    /// Begins a collection: objects touched from the returned point on are to be kept. Take it before looking at what is referenced.
    /// </summary>
    public long BeginCollection()
    {
        lock (_lock)
        {
            return Math.Min(++_sequence, _open.Count == 0 ? long.MaxValue : _open.Min(lease => lease.Start));
        }
    }

    /// <summary>Runs the deletion of one object unless the object was touched since the collection began.</summary>
    /// <returns>Whether it was deleted.</returns>
    public bool TryCollect(string name, long floor, Action delete)
    {
        lock (_lock)
        {
            if (_touched.TryGetValue(name, out var at) && at >= floor)
            {
                return false;
            }

            _touched.Remove(name);
            delete();
            return true;
        }
    }

    /// <summary>Forgets touches that no collection to come asks for.</summary>
    public void EndCollection(long floor)
    {
        lock (_lock)
        {
            foreach (var name in _touched.Where(entry => entry.Value < floor).Select(entry => entry.Key).ToList())
            {
                _touched.Remove(name);
            }
        }
    }

    internal void End(Lease lease)
    {
        lock (_lock)
        {
            _open.Remove(lease);
        }
    }
}

/// <summary>An operation in progress that creates objects in several steps.</summary>
public sealed class Lease : IDisposable
{
    private readonly LeaseTable _table;

    internal Lease(LeaseTable table, long start) => (_table, Start) = (table, start);

    internal long Start { get; }

    /// <summary>Relies on an object: from now on it is not collected before the lease ends. Check that it exists afterwards.</summary>
    public void Hold(string name) => _table.Touch(name);

    /// <inheritdoc/>
    public void Dispose() => _table.End(this);
}
