using System.Globalization;
using Slipway.Build;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>The options that clients give the Dockerfile frontend.</summary>
/// <param name="values">The options.</param>
/// <param name="shared">Results of other builds that are named contexts, see <see cref="SharedResults"/>.</param>
internal sealed class FrontendOptions(IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, Reference> shared)
{
    private const string ContextPrefix = "context:";
    private const string InputPrefix = "input:";

    /// <summary>Name of the Dockerfile in its directory.</summary>
    internal string FileName => Text("filename", "Dockerfile");

    /// <summary>The session's directory that holds the Dockerfile.</summary>
    internal string DockerfileDirectory => Text("dockerfilekey", "dockerfile");

    /// <summary>Whether the Dockerfile comes from the client though the context may not.</summary>
    internal bool HasDockerfileDirectory => values.ContainsKey("dockerfilekey");

    /// <summary>The session's directory that is the context.</summary>
    internal string ContextDirectory => Text("contextkey", "context");

    /// <summary>Address of the context, or empty when the client sends it.</summary>
    internal string ContextAddress => Text("context", "");

    /// <summary>Directory of a remote context that is used.</summary>
    internal string ContextSubdirectory => Text("contextsubdir", "");

    /// <summary>What is asked instead of a build, such as <c>frontend.lint</c>; empty for a build.</summary>
    internal string Subrequest => Text("requestid", "");

    /// <summary>All of them, as the client gave them.</summary>
    internal IReadOnlyDictionary<string, string> Values => values;

    /// <summary>The platforms asked for; none for this machine's.</summary>
    internal IReadOnlyList<string> Platforms => List("platform");

    /// <summary>The session that has a directory, when it is not the build's own.</summary>
    internal string? SessionOf(string directory) => values.GetValueOrDefault("local-sessionid:" + directory);

    /// <summary>The session's directory that a named context is; null when it is something else.</summary>
    internal string? DirectoryOf(string context) =>
        values.GetValueOrDefault(ContextPrefix + context) is { } value && value.StartsWith("local:", StringComparison.Ordinal) ? value["local:".Length..] : null;

    /// <summary>Named contexts as the client gave them.</summary>
    internal IReadOnlyDictionary<string, string> NamedContexts => Prefixed(ContextPrefix);

    /// <summary>Named contexts that are images by now.</summary>
    internal IReadOnlyDictionary<string, string> Opened { get; init; } = new Dictionary<string, string>();

    /// <summary>One of them; null when it is not given.</summary>
    internal string? Value(string name) => values.GetValueOrDefault(name);

    /// <summary>A build argument; null when it is not given.</summary>
    internal string? Argument(string name) => Value("build-arg:" + name);

    /// <summary>A request of the builder for each platform that is asked for.</summary>
    /// <exception cref="EngineException">InvalidArgument for an option that cannot be understood.</exception>
    internal IReadOnlyList<BuildRequest> Requests()
    {
        var request = Request();
        return Platforms.Count == 0 ? [request] : [.. Platforms.Distinct().Select(platform => request with { Platform = Parse(platform) })];
    }

    /// <summary>Caches that are named by options of the frontend.</summary>
    internal IEnumerable<string> CacheFrom => List("cache-from");

    /// <summary>As a request of the builder, without a platform.</summary>
    /// <exception cref="EngineException">InvalidArgument for an option that cannot be understood.</exception>
    private BuildRequest Request() => new()
    {
        Dockerfile = FileName,
        Target = Text("target", ""),
        Arguments = Prefixed("build-arg:").ToDictionary(pair => pair.Key, pair => (string?)pair.Value),
        Labels = Prefixed("label:"),
        NoCache = values.TryGetValue("no-cache", out var stages) && stages.Length == 0,
        NoCacheFilter = List("no-cache"),
        PullFirst = Text("image-resolve-mode", "") == "pull",
        Contexts = NamedContexts.ToDictionary(pair => pair.Key, pair => Opened.GetValueOrDefault(pair.Key) ?? Resolve(pair.Value)),
        Host = new HostConfig
        {
            NetworkMode = Text("force-network-mode", "default"),
            ExtraHosts = List("add-hosts") is { Count: > 0 } hosts ? [.. hosts.Select(host => host.Replace('=', ':'))] : null,
            ShmSize = Number("shm-size"),
            Ulimits = List("ulimit") is { Count: > 0 } limits ? [.. limits.Select(Limit)] : null,
            CgroupParent = Text("cgroup-parent", ""),
            // BuildKit has no words for these.
            Memory = Number("memory"),
            MemorySwap = Number("memory-swap"),
            CpuShares = Number("cpu-shares"),
            CpuPeriod = Number("cpu-period"),
            CpuQuota = Number("cpu-quota"),
            CpusetCpus = Text("cpuset-cpus", ""),
            CpusetMems = Text("cpuset-mems", ""),
        },
    };

    private static Platform Parse(string text)
    {
        try
        {
            return Platform.Parse(text);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"failed to parse target platform {text}: {e.Message}", e);
        }
    }

    // name=soft:hard
    private static Ulimit Limit(string text)
    {
        var parts = text.Split('=', ':');
        return parts.Length is 2 or 3 && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var soft) && long.TryParse(parts[^1], CultureInfo.InvariantCulture, out var hard)
            ? new Ulimit { Name = parts[0], Soft = soft, Hard = hard }
            : throw EngineException.Invalid($"failed to parse ulimit {text}");
    }

    private string Resolve(string context) =>
        context.StartsWith(InputPrefix, StringComparison.Ordinal) && shared.TryGetValue(context[InputPrefix.Length..], out var image) ? LocalImages.Scheme + image : context;

    private string Text(string name, string otherwise) => values.TryGetValue(name, out var value) && value.Length > 0 ? value : otherwise;

    private IReadOnlyList<string> List(string name) => Text(name, "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private long Number(string name) => long.TryParse(Text(name, "0"), CultureInfo.InvariantCulture, out var number) ? number : throw EngineException.Invalid($"failed to parse {name}");

    private Dictionary<string, string> Prefixed(string prefix) => values
        .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);
}
