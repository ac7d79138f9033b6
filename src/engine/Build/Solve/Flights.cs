namespace Slipway.Build.Solve;

/// <summary>Work under way, and done but not yet in the cache's rows, by key: equal work in builds that run at once is done once.</summary>
internal sealed class Flights
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Flight> _flights = new(StringComparer.Ordinal);

    /// <summary>The work with this key, entered; a new one when there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fresh">Whether finished work does not count: it is to be done again.</param>
    internal Flight Enter(string key, bool fresh)
    {
        lock (_lock)
        {
            if (_flights.TryGetValue(key, out var present) && !(fresh && present.Succeeded) && present.TryEnter())
            {
                return present;
            }

            var flight = new Flight();
            flight.TryEnter();
            _flights[key] = flight;
            return flight;
        }
    }

    /// <summary>Whether the work with this key is under way or done.</summary>
    internal bool Contains(string key)
    {
        lock (_lock)
        {
            return _flights.ContainsKey(key);
        }
    }

    /// <summary>Forgets work that failed or that the cache's rows know now.</summary>
    internal void Remove(string key, Flight flight)
    {
        lock (_lock)
        {
            if (_flights.GetValueOrDefault(key) == flight)
            {
                _flights.Remove(key);
            }
        }
    }
}
