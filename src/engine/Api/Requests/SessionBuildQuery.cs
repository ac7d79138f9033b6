using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>The parameters of <c>POST /build?version=2</c>, as options of BuildKit's Dockerfile frontend.</summary>
internal static class SessionBuildQuery
{
    private const string ClientSession = "client-session";

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    public static SessionBuild Read(Query query)
    {
        var output = Output(query);
        var names = string.Join(',', query.All("t").Where(name => name.Length > 0));
        var exporter = output.Attrs ?? new Dictionary<string, string>();
        return new SessionBuild(
            query.Optional("buildid") ?? Guid.NewGuid().ToString("N"), query.Optional("session") ?? "", Options(query), output.Type == "cacheonly" ? "" : output.Type ?? "",
            names.Length == 0 ? exporter : exporter.Append(KeyValuePair.Create("name", names)).DistinctBy(pair => pair.Key).ToDictionary());
    }

    private static Dictionary<string, string> Options(Query query)
    {
        var options = new Dictionary<string, string> { ["filename"] = query.Optional("dockerfile") ?? "Dockerfile" };
        Set("target", query.Optional("target"));
        Set("platform", query.Optional("platform"));
        Set("context", query.Optional("remote") is { } remote and not ClientSession ? remote : null);
        Set("force-network-mode", query.Optional("networkmode"));
        Set("add-hosts", string.Join(',', query.All("extrahosts").Select(host => host.Replace(':', '='))));
        Set("cgroup-parent", query.Optional("cgroupparent"));
        Set("shm-size", query.Long("shmsize") is > 0 and var size ? size.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
        Set("image-resolve-mode", query.Flag("pull") ? "pull" : null);
        Set("cache-from", string.Join(',', BuildQuery.Names(query, "cachefrom")));
        if (query.Flag("nocache"))
        {
            options["no-cache"] = "";
        }

        foreach (var (name, value) in BuildQuery.Map(query, "buildargs").Where(pair => pair.Value is not null))
        {
            options["build-arg:" + name] = value!;
        }

        foreach (var (name, value) in BuildQuery.Map(query, "labels"))
        {
            options["label:" + name] = value ?? "";
        }

        return options;

        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                options[name] = value;
            }
        }
    }

    private static BuildOutputOption Output(Query query)
    {
        if (query.Optional("outputs") is not { } text)
        {
            return new BuildOutputOption("moby", null);
        }

        try
        {
            var all = JsonSerializer.Deserialize(text, BuildOutputJson.Default.IReadOnlyListBuildOutputOption) ?? [];
            return all.Count switch
            {
                0 => new BuildOutputOption("moby", null),
                1 => all[0],
                _ => throw EngineException.Invalid("multiple outputs not supported"),
            };
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"error reading outputs: {e.Message}", e);
        }
    }
}

/// <summary>An entry of <c>outputs</c>.</summary>
internal sealed record BuildOutputOption(string? Type, IReadOnlyDictionary<string, string>? Attrs);

/// <summary>JSON of <c>outputs</c>.</summary>
[JsonSerializable(typeof(IReadOnlyList<BuildOutputOption>))]
internal sealed partial class BuildOutputJson : JsonSerializerContext;
