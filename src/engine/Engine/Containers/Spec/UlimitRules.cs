using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Resource limits of processes, setrlimit(2).</summary>
public static class UlimitRules
{
    /// <summary>Refuses unknown names and soft limits above hard ones.</summary>
    public static void Validate(IReadOnlyList<Ulimit>? ulimits)
    {
        foreach (var limit in ulimits ?? [])
        {
            if (!Rlimits.All.Contains(limit.Name))
            {
                throw EngineException.Invalid($"invalid ulimit type: {limit.Name}");
            }

            if (limit.Hard >= 0 && (limit.Soft > limit.Hard || limit.Soft < 0))
            {
                throw EngineException.Invalid($"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}");
            }
        }
    }

    /// <summary>
    /// Limits for the runtime: the container's over the engine's defaults; -1 is unlimited. Without CAP_SYS_RESOURCE a limit above our
    /// own hard limit would make the start fail, so it is lowered to it.
    /// </summary>
    public static IReadOnlyList<(string Type, ulong Soft, ulong Hard)> Resolve(
        IReadOnlyList<Ulimit>? ulimits, IReadOnlyDictionary<string, (long Soft, long Hard)> defaults, HostFacts host)
    {
        var merged = defaults.ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var limit in ulimits ?? [])
        {
            merged[limit.Name] = (limit.Soft, limit.Hard);
        }

        return [.. merged.Select(entry =>
        {
            var most = host.MayRaiseLimits ? ulong.MaxValue : host.HardLimits.GetValueOrDefault(entry.Key, ulong.MaxValue);
            var hard = Math.Min(unchecked((ulong)entry.Value.Hard), most);
            return ("RLIMIT_" + entry.Key.ToUpperInvariant(), Math.Min(unchecked((ulong)entry.Value.Soft), hard), hard);
        })];
    }
}
