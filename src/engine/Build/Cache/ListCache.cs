using Slipway.Build.Context;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Cache;

/// <summary>What the build cache holds, for <c>docker system df</c> and <c>docker builder du</c>.</summary>
public sealed class ListCache
{
    private readonly SlipwayEngine _engine;
    private readonly CacheMounts _mounts;
    private readonly ContextMirrors _mirrors;

    internal ListCache(SlipwayEngine engine, CacheMounts mounts, ContextMirrors mirrors) => (_engine, _mounts, _mirrors) = (engine, mounts, mirrors);

    /// <summary>Every entry, oldest first. A shared one holds a layer that an image has, too.</summary>
    public IReadOnlyList<BuildCacheRecord> Run()
    {
        var shared = ImageChains();
        var mirrors = _mirrors.Rows().ToDictionary(mirror => mirror.Row.Key, mirror => mirror.InUse);
        return [.. Rows().OrderBy(row => row.Created).Select(row => Record(row, shared, mirrors.GetValueOrDefault(row.Key)))];
    }

    internal IEnumerable<BuildCacheRow> Rows() => _engine.BuildCache.All.Where(row => row.Alias is null).Concat(_mirrors.Rows().Select(mirror => mirror.Row));

    internal HashSet<Oci.Digest> ImageChains() => [.. _engine.Images.All.Where(image => image.Readable).SelectMany(image => image.ChainIds)];

    internal static bool IsShared(BuildCacheRow row, HashSet<Oci.Digest> chains) => row is { Layer: not null, ChainId: { } chain } && chains.Contains(chain);

    private BuildCacheRecord Record(BuildCacheRow row, HashSet<Oci.Digest> shared, bool held) => new()
    {
        ID = row.Key[..25],
        Parents = row.Parents.Count == 0 ? null : [.. row.Parents.Select(parent => parent[..25])],
        Type = row.Type,
        Description = row.Description,
        InUse = held || _mounts.InUse(row.Key),
        Shared = IsShared(row, shared),
        Size = SizeOf(row),
        CreatedAt = GoTime.Format(row.Created),
        LastUsedAt = row.LastUsed is { } used ? GoTime.Format(used) : null,
        UsageCount = row.UsageCount,
    };

    internal long SizeOf(BuildCacheRow row) =>
        row.Directory is { } directory ? Engine.Containers.DiskUsage.Of(Path.Combine(_engine.Paths.DataRoot, "buildcache", directory)) : row.Size;
}
