using Slipway.Build.Cache;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Context;

/// <summary>
/// The mirrors of clients' directories, each used by one build at a time; a build that finds its mirror in use gets one for itself. They count
/// as build cache and end with the daemon.
/// </summary>
public sealed class ContextMirrors
{
    /// <summary>Kind of their rows.</summary>
    internal const string RowType = "source.local";

    private const int Most = 32;

    private readonly SlipwayEngine _engine;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ContextMirror> _idle = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContextMirror> _held = new(StringComparer.Ordinal);

    internal ContextMirrors(SlipwayEngine engine) => _engine = engine;

    /// <summary>Takes a mirror; a new one is empty.</summary>
    /// <param name="source">Tells directories of clients apart; null for one that is not kept.</param>
    public HeldMirror Take(string? source)
    {
        var now = _engine.Time.GetUtcNow();
        if (source is null)
        {
            return new HeldMirror(New("", now), mirror => mirror.Files.Dispose());
        }

        using var key = new CacheKey("local");
        var name = key.Add(source).Finish();
        lock (_lock)
        {
            if (_held.ContainsKey(name))
            {
                return new HeldMirror(New(name, now), mirror => mirror.Files.Dispose());
            }

            var mirror = _idle.Remove(name, out var kept) ? kept : New(name, now);
            (mirror.Used, mirror.Uses) = (now, mirror.Uses + 1);
            _held[name] = mirror;
            return new HeldMirror(mirror, GiveBack);
        }
    }

    /// <summary>Rows for the build cache's lists.</summary>
    internal IReadOnlyList<(BuildCacheRow Row, bool InUse)> Rows()
    {
        lock (_lock)
        {
            return [.. _idle.Values.Select(mirror => (Row(mirror), false)), .. _held.Values.Select(mirror => (Row(mirror), true))];
        }
    }

    /// <summary>Removes idle ones.</summary>
    internal void Remove(IEnumerable<string> keys)
    {
        lock (_lock)
        {
            foreach (var key in keys)
            {
                if (_idle.Remove(key, out var mirror))
                {
                    mirror.Files.Dispose();
                }
            }
        }
    }

    internal void Dispose() => Remove([.. Rows().Select(row => row.Row.Key)]);

    private ContextMirror New(string key, DateTimeOffset now) => new(key, BuildContext.CreateEmpty(_engine), now);

    private void GiveBack(ContextMirror mirror)
    {
        lock (_lock)
        {
            _held.Remove(mirror.Key);
            _idle[mirror.Key] = mirror;
            if (_idle.Count > Most)
            {
                var oldest = _idle.Values.MinBy(other => other.Used)!;
                _idle.Remove(oldest.Key);
                oldest.Files.Dispose();
            }
        }
    }

    private static BuildCacheRow Row(ContextMirror mirror) => new()
    {
        Key = mirror.Key, Type = RowType, Description = "local source for context", Created = mirror.Created, LastUsed = mirror.Used,
        UsageCount = mirror.Uses, Size = mirror.Size,
    };
}

/// <summary>A mirror while a build uses it.</summary>
public sealed class HeldMirror : IDisposable
{
    private Action<ContextMirror>? _release;

    internal HeldMirror(ContextMirror mirror, Action<ContextMirror> release) => (Mirror, _release) = (mirror, release);

    /// <summary>The mirror.</summary>
    public ContextMirror Mirror { get; }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke(Mirror);
}
