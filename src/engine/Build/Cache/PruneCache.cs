using Slipway.Build.Context;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Cache;

/// <summary>What <c>docker builder prune</c> was asked for.</summary>
/// <param name="All">Also what images use, and results that others were made from.</param>
/// <param name="KeepBytes">How much of the cache is kept: the most recently used; 0 keeps nothing.</param>
/// <param name="MinFreeBytes">Stop when this much of the disk is free; 0 for no such goal.</param>
/// <param name="UsedBefore">Only what was last used before; null for any time.</param>
/// <param name="Filters"><c>until</c>, <c>id</c>, <c>parent</c>, <c>type</c>, <c>description</c>, <c>inuse</c>, <c>shared</c>, <c>private</c>.</param>
public sealed record PruneRequest(bool All, long KeepBytes, long MinFreeBytes, DateTimeOffset? UsedBefore, Filters Filters);

/// <summary><c>docker builder prune</c>: forgets results, and frees their layers where no image has them.</summary>
public sealed class PruneCache
{
    private static readonly string[] Known = ["until", "unused-for", "id", "parent", "type", "description", "inuse", "shared", "private"];

    private readonly SlipwayEngine _engine;
    private readonly CacheMounts _mounts;
    private readonly ContextMirrors _mirrors;

    internal PruneCache(SlipwayEngine engine, CacheMounts mounts, ContextMirrors mirrors) => (_engine, _mounts, _mirrors) = (engine, mounts, mirrors);

    /// <summary>Prunes.</summary>
    /// <exception cref="EngineException">InvalidArgument for a filter that is none.</exception>
    public async Task<BuildPruneReport> RunAsync(PruneRequest request)
    {
        foreach (var name in request.Filters.Names.Where(name => !Known.Contains(name)))
        {
            throw EngineException.Invalid($"invalid filter '{name}'");
        }

        var list = new ListCache(_engine, _mounts, _mirrors);
        var held = _mirrors.Rows().Where(mirror => mirror.InUse).Select(mirror => mirror.Row.Key).ToHashSet();
        var chains = list.ImageChains();
        var rows = list.Rows().Where(row => !_mounts.InUse(row.Key) && !held.Contains(row.Key)).ToList();
        var candidates = rows.Where(row => Matches(row, request, chains)).OrderBy(row => row.LastUsed ?? row.Created).ToList();
        var gone = Choose(candidates, rows, request, list);
        var layers = gone.Where(row => row is { Directory: null, Type: not ContextMirrors.RowType }).ToList();
        var sizes = gone.Except(layers).ToDictionary(row => row.Key, list.SizeOf);
        _mirrors.Remove(gone.Where(row => row.Type == ContextMirrors.RowType).Select(row => row.Key));
        var mounts = gone.Where(row => row.Directory is not null).ToList();
        gone = [.. gone.Except(mounts), .. await _mounts.RemoveAsync(mounts).ConfigureAwait(false)];
        var freed = gone.Sum(row => sizes.GetValueOrDefault(row.Key));
        await _engine.BuildCache.RemoveAsync([.. layers.Select(row => row.Key)]).ConfigureAwait(false);
        freed += (await _engine.CollectGarbage.RunAsync().ConfigureAwait(false)).Bytes;
        return new BuildPruneReport { CachesDeleted = [.. gone.Select(row => row.Key[..25])], SpaceReclaimed = (ulong)freed };
    }

    // Oldest first, until what is left is small enough.
    private List<BuildCacheRow> Choose(List<BuildCacheRow> candidates, List<BuildCacheRow> rows, PruneRequest request, ListCache list)
    {
        if (request.KeepBytes <= 0 && request.MinFreeBytes <= 0)
        {
            return candidates;
        }

        var left = rows.Sum(list.SizeOf);
        var free = new DriveInfo(_engine.Paths.DataRoot).AvailableFreeSpace;
        var gone = new List<BuildCacheRow>();
        foreach (var row in candidates)
        {
            if (left <= request.KeepBytes || (request.MinFreeBytes > 0 && free >= request.MinFreeBytes))
            {
                break;
            }

            gone.Add(row);
            left -= list.SizeOf(row);
            free += list.SizeOf(row);
        }

        return gone;
    }

    private static bool Matches(BuildCacheRow row, PruneRequest request, HashSet<Oci.Digest> chains)
    {
        var filters = request.Filters;
        var shared = ListCache.IsShared(row, chains);
        if (!request.All && shared)
        {
            return false;
        }

        return (request.UsedBefore is null || (row.LastUsed ?? row.Created) < request.UsedBefore)
            && Any(filters["id"], id => row.Key.StartsWith(id, StringComparison.Ordinal))
            && Any(filters["parent"], id => row.Parents.Any(parent => parent.StartsWith(id, StringComparison.Ordinal)))
            && Any(filters["type"], type => row.Type == type)
            && Any(filters["description"], text => row.Description.Contains(text, StringComparison.Ordinal))
            && Any(filters["inuse"], _ => false)
            && Any(filters["shared"], _ => shared)
            && Any(filters["private"], _ => !shared);
    }

    private static bool Any(IReadOnlyCollection<string> wanted, Func<string, bool> matches) => wanted.Count == 0 || wanted.Any(matches);
}
