using System.Text.Json;
using Slipway.Build;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Api.Requests;

/// <summary>The parameters of <c>POST /build</c>.</summary>
internal static class BuildQuery
{
    /// <summary>Reads and checks them.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    public static BuildRequest Read(Query query, Platform? platform)
    {
        if (query.Flag("squash"))
        {
            throw EngineException.Invalid("squash is only supported with experimental mode");
        }

        if (query.Has("outputs") && query["outputs"] is not ("" or "[]" or "null"))
        {
            throw EngineException.Invalid("outputs are only supported by BuildKit builds");
        }

        return new BuildRequest
        {
            Dockerfile = query.Optional("dockerfile") ?? "Dockerfile",
            Names = [.. query.All("t").Where(name => name.Length > 0).Select(Name)],
            Target = query.Optional("target"),
            Arguments = Map(query, "buildargs"),
            Labels = Map(query, "labels").ToDictionary(pair => pair.Key, pair => pair.Value ?? ""),
            NoCache = query.Flag("nocache"),
            CacheFrom = Names(query, "cachefrom"),
            PullFirst = query.Flag("pull"),
            Host = Host(query),
            Platform = platform,
        };
    }

    private static HostConfig Host(Query query) => new()
    {
        NetworkMode = query.Optional("networkmode") ?? "default",
        ExtraHosts = query.All("extrahosts") is { Count: > 0 } hosts ? [.. hosts.SelectMany(line => line.Split(',')).Where(line => line.Length > 0)] : null,
        Memory = Number(query, "memory"),
        MemorySwap = Number(query, "memswap"),
        CpuShares = Number(query, "cpushares"),
        CpuPeriod = Number(query, "cpuperiod"),
        CpuQuota = Number(query, "cpuquota"),
        CpusetCpus = query["cpusetcpus"],
        CpusetMems = query["cpusetmems"],
        CgroupParent = query["cgroupparent"],
        ShmSize = Number(query, "shmsize"),
        Ulimits = Json(query, "ulimits", DockerJson.Default.UlimitList),
        SecurityOpt = Json(query, "securityopt", DockerJson.Default.StringList),
        Isolation = query["isolation"],
    };

    // A null is no empty text here: it leaves a build argument alone.
    internal static Dictionary<string, string?> Map(Query query, string name)
    {
        if (query.Optional(name) is not { } text)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Null ? [] : document.RootElement.EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw EngineException.Invalid($"error reading {name}: {e.Message}", e);
        }
    }

    /// <summary>A list of texts; none when it is not given.</summary>
    internal static IReadOnlyList<string> Names(Query query, string name) => Json(query, name, DockerJson.Default.StringList) ?? [];

    private static Reference Name(string text)
    {
        if (!Reference.TryParse(text, out var name, out var error))
        {
            throw EngineException.Invalid($"invalid tag \"{text}\": {error}");
        }

        return name.Digest is null ? name.TagNameOnly() : throw EngineException.Invalid("build tag cannot contain a digest");
    }

    private static long Number(Query query, string name) => query.Long(name) ?? 0;

    private static T? Json<T>(Query query, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (query.Optional(name) is not { } text)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"error reading {name}: {e.Message}", e);
        }
    }
}
