namespace Slipway.Distribution.Authorization;

/// <summary>Bearer tokens until shortly before they expire.</summary>
internal sealed class TokenCache(TimeProvider time)
{
    private const int Most = 1024;
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Token, DateTimeOffset Until)> _tokens = [];

    internal string? Find(string key)
    {
        lock (_lock)
        {
            return _tokens.TryGetValue(key, out var entry) && entry.Until > time.GetUtcNow() ? entry.Token : null;
        }
    }

    internal void Put(string key, string token, TimeSpan life)
    {
        lock (_lock)
        {
            if (_tokens.Count >= Most)
            {
                var now = time.GetUtcNow();
                foreach (var old in _tokens.Where(entry => entry.Value.Until <= now).Select(entry => entry.Key).ToList())
                {
                    _tokens.Remove(old);
                }

                if (_tokens.Count >= Most)
                {
                    _tokens.Clear();
                }
            }

            _tokens[key] = (token, time.GetUtcNow() + life - s_margin);
        }
    }

    internal void Forget(string key)
    {
        lock (_lock)
        {
            _tokens.Remove(key);
        }
    }
}
