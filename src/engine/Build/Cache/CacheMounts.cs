using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Cache;

/// <summary>
/// Directories that steps keep between builds (<c>RUN --mount=type=cache</c>). Each has a row in the build cache; directories without a row
/// are removed when the builder starts.
/// </summary>
internal sealed class CacheMounts(SlipwayEngine engine)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _removals = new(StringComparer.Ordinal);

    private string Root => Path.Combine(engine.Paths.DataRoot, "buildcache");

    /// <summary>Whether a step uses the directory now.</summary>
    internal bool InUse(string key)
    {
        lock (_lock)
        {
            return _users.ContainsKey(key);
        }
    }

    /// <summary>The directory of a cache mount, held until the answer is disposed.</summary>
    /// <param name="id">The mount's id.</param>
    /// <param name="sharing">How it is shared.</param>
    /// <param name="fill">Fills a new directory.</param>
    /// <param name="cancel">Stops waiting for a locked one.</param>
    internal async Task<HeldCache> HoldAsync(string id, CacheSharing sharing, Action<string> fill, CancellationToken cancel)
    {
        if (sharing == CacheSharing.Locked)
        {
            SemaphoreSlim gate;
            lock (_lock)
            {
                gate = _locks.TryGetValue(id, out var known) ? known : _locks[id] = new SemaphoreSlim(1, 1);
            }

            await gate.WaitAsync(cancel).ConfigureAwait(false);
            return await OpenAsync(id, 0, fill, () => gate.Release()).ConfigureAwait(false);
        }

        return await OpenAsync(id, sharing == CacheSharing.Private ? FreeNumber(id) : 0, fill, () => { }).ConfigureAwait(false);
    }

    /// <summary>Removes directories that no step uses; their rows go too. A step that wants one meanwhile waits and gets a new one.</summary>
    /// <returns>The rows that are gone.</returns>
    internal async Task<IReadOnlyList<BuildCacheRow>> RemoveAsync(IEnumerable<BuildCacheRow> rows)
    {
        var removal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<BuildCacheRow> gone;
        lock (_lock)
        {
            gone = [.. rows.Where(row => !_users.ContainsKey(row.Key) && _removals.TryAdd(row.Key, removal.Task))];
        }

        try
        {
            await engine.BuildCache.RemoveAsync([.. gone.Select(row => row.Key)]).ConfigureAwait(false);
            gone.ForEach(row => engine.Removal.Remove(Path.Combine(Root, row.Directory!)));
            return gone;
        }
        finally
        {
            lock (_lock)
            {
                gone.ForEach(row => _removals.Remove(row.Key));
            }

            removal.SetResult();
        }
    }

    /// <summary>Removes directories that no row names.</summary>
    internal void Sweep()
    {
        if (!Directory.Exists(Root))
        {
            return;
        }

        var known = engine.BuildCache.All.Select(row => row.Directory).ToHashSet();
        foreach (var stray in Directory.GetDirectories(Root).Where(path => !known.Contains(Path.GetFileName(path))))
        {
            engine.Removal.Remove(stray);
        }
    }

    private static string KeyOf(string id, int number)
    {
        using var key = new CacheKey("mount");
        return key.Add(id).Add(number).Finish();
    }

    private int FreeNumber(string id)
    {
        lock (_lock)
        {
            return Enumerable.Range(0, int.MaxValue).First(number => !_users.ContainsKey(KeyOf(id, number)));
        }
    }

    private async Task<HeldCache> OpenAsync(string id, int number, Action<string> fill, Action release)
    {
        var key = KeyOf(id, number);
        var directory = Path.Combine(Root, key);
        Task? removal;
        lock (_lock)
        {
            _users[key] = _users.GetValueOrDefault(key) + 1;
            removal = _removals.GetValueOrDefault(key);
        }

        try
        {
            await (removal ?? Task.CompletedTask).ConfigureAwait(false);
            var row = engine.BuildCache.Find(key);
            var now = engine.Time.GetUtcNow();
            if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(Root);
                Directory.CreateDirectory(directory);
                fill(directory);
            }

            row ??= new BuildCacheRow { Key = key, Type = "exec.cachemount", Description = $"cached mount {id}", Created = now, Directory = key };
            await engine.BuildCache.CommitAsync([row with { LastUsed = now, UsageCount = row.UsageCount + 1 }]).ConfigureAwait(false);
        }
        catch
        {
            Leave(key, release);
            throw;
        }

        return new HeldCache(directory, () => Leave(key, release));
    }

    private void Leave(string key, Action release)
    {
        lock (_lock)
        {
            if (--_users[key] == 0)
            {
                _users.Remove(key);
            }
        }

        release();
    }
}

/// <summary>A cache mount's directory while a step uses it.</summary>
internal sealed class HeldCache(string directory, Action release) : IDisposable
{
    private Action? _release = release;

    /// <summary>Host path.</summary>
    internal string Directory { get; } = directory;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
