using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.BuildClient;
using Slipway.Cli.Credentials;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Builds;

/// <summary>Reads the flags of <c>build</c>, which are those of <c>docker buildx build</c>.</summary>
internal static class BuildFlags
{
    /// <exception cref="CommandException">A value that cannot be understood.</exception>
    public static BuildOrder Order(Invocation call, BuildInput input)
    {
        FlagValues flags = call.Flags;
        CredentialStore credentials = new(call.Globals.ConfigDirectory);
        return new BuildOrder
        {
            Context = input.Context, ContextStream = input.Stream, DockerfileText = input.Dockerfile, Dockerfile = flags.String("file") is "-" ? "" : flags.String("file"),
            Names = flags.List("tag"), Target = flags.String("target"), Platforms = flags.List("platform"), Arguments = Arguments(flags.List("build-arg")), Labels = flags.Map("label"),
            Annotations = flags.Map("annotation"), Contexts = flags.Map("build-context"), Secrets = [.. flags.List("secret").Select(BuildOptionText.Secret)],
            Agents = [.. flags.List("ssh").Select(BuildOptionText.Agent)], CacheFrom = BuildOptionText.Caches(flags.List("cache-from")), CacheTo = [.. flags.List("cache-to").Select(BuildOptionText.Cache)],
            Outputs = Outputs(flags), Attestations = Attestations(flags), NoCache = flags.Bool("no-cache"), NoCacheFilter = flags.List("no-cache-filter"), Pull = flags.Bool("pull"),
            Network = flags.String("network"), ExtraHosts = [.. flags.List("add-host").Select(BuildOptionText.Host)], SharedMemory = flags.Bytes("shm-size"),
            Ulimits = [.. flags.List("ulimit").Select(Ulimit)], CgroupParent = flags.String("cgroup-parent"), Entitlements = flags.List("allow"), Limits = Limits(flags),
            Credentials = host => Credentials(credentials.Find(host)),
        };
    }

    /// <summary>Build arguments; one without a value takes that of the variable, if there is one.</summary>
    public static Dictionary<string, string> Arguments(IEnumerable<string> given)
    {
        const string Epoch = "SOURCE_DATE_EPOCH";
        Dictionary<string, string> arguments = new(StringComparer.Ordinal);
        if (Environment.GetEnvironmentVariable(Epoch) is { Length: > 0 } epoch)
        {
            arguments[Epoch] = epoch;
        }

        foreach (string argument in given)
        {
            (string name, string value) = Pairs.Split(argument);
            if (argument.Contains('=', StringComparison.Ordinal))
            {
                arguments[name] = value;
            }
            else if (Environment.GetEnvironmentVariable(name) is { } inherited)
            {
                arguments[name] = inherited;
            }
        }

        return arguments;
    }

    /// <summary>Credentials as the session sends them.</summary>
    public static AuthConfig? Credentials(JsonObject? found) => found is null ? null
        : new AuthConfig { Username = found.Text("username"), Password = found.Text("password"), IdentityToken = found.Text("identitytoken") };

    private static IReadOnlyList<BuildOption> Outputs(FlagValues flags)
    {
        List<BuildOption> outputs = [.. flags.List("output").Select(BuildOptionText.Output)];
        if (flags.Bool("push"))
        {
            outputs.Add(new BuildOption("registry", new Dictionary<string, string>()));
        }

        if (flags.Bool("load") || outputs.Count == 0)
        {
            outputs.Add(new BuildOption("image", new Dictionary<string, string>()));
        }

        return outputs;
    }

    private static Dictionary<string, string> Attestations(FlagValues flags)
    {
        Dictionary<string, string> attestations = new(StringComparer.Ordinal);
        foreach (string given in flags.List("attest"))
        {
            BuildOption option = BuildOptionText.Read(given, "");
            attestations[option.Type] = string.Join(',', option.Options.Select(pair => $"{pair.Key}={pair.Value}"));
        }

        foreach (string type in new[] { "provenance", "sbom" }.Where(flags.Has))
        {
            attestations[type] = flags.String(type) is "true" or "1" ? "" : flags.String(type) is "false" or "0" ? "disabled=true" : flags.String(type);
        }

        foreach (string disabled in attestations.Where(pair => pair.Value.Contains("disabled=true", StringComparison.Ordinal)).Select(pair => pair.Key).ToList())
        {
            attestations.Remove(disabled);
        }

        return attestations;
    }

    private static string Ulimit(string text)
    {
        JsonObject limit = UlimitOption.Read(text);
        return string.Create(CultureInfo.InvariantCulture, $"{limit.Text("Name")}={limit.Long("Soft")}:{limit.Long("Hard")}");
    }

    private static Dictionary<string, string> Limits(FlagValues flags)
    {
        Dictionary<string, string> limits = new(StringComparer.Ordinal);
        foreach (string name in new[] { "memory", "memory-swap" }.Where(flags.Has))
        {
            limits[name] = flags.Bytes(name).ToString(CultureInfo.InvariantCulture);
        }

        foreach (string name in new[] { "cpu-shares", "cpu-period", "cpu-quota", "cpuset-cpus", "cpuset-mems" }.Where(flags.Has))
        {
            limits[name] = flags.String(name);
        }

        return limits;
    }
}
