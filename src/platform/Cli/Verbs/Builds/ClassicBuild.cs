using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.Credentials;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs.Builds;

/// <summary>Builds by the classic endpoint: for engines without BuildKit's API, and for what only it knows (<c>--check</c>, <c>--graph</c>, <c>--squash</c>).</summary>
internal static class ClassicBuild
{
    public static async Task<int> RunAsync(Invocation call)
    {
        string image = "";
        TextWriter? progress = call.Flags.Bool("quiet") ? null : call.Out;
        await using BuildSource source = await BuildSource.OpenAsync(call.Arguments[0], call.Flags.String("file"));
        await using EngineResponse response = await call.Engine.UploadAsync("POST", Path(call, source).ToString(), source.Archive, new CredentialStore(call.Globals.ConfigDirectory).HeaderForAll());
        if (call.Flags.Bool("check") || call.Flags.StringOrNull("graph") is not null)
        {
            return await TellAsync(call, response);
        }

        await ProgressDisplay.ShowAsync(response.Body, progress, ProgressDisplay.IsTerminal(1), aux => image = aux.Text("ID"));
        if (call.Flags.Bool("quiet"))
        {
            await call.Out.WriteLineAsync(image);
        }

        if (call.Flags.StringOrNull("iidfile") is { } file)
        {
            await File.WriteAllTextAsync(file, image);
        }

        return 0;
    }

    private static async Task<int> TellAsync(Invocation call, EngineResponse response)
    {
        using StreamReader reader = new(response.Body);
        string text = await reader.ReadToEndAsync();
        await call.Out.WriteAsync(text);
        return call.Flags.Bool("check") && !text.StartsWith("Check complete, no warnings found.", StringComparison.Ordinal) ? 1 : 0;
    }

    private static ApiPath Path(Invocation call, BuildSource source)
    {
        FlagValues flags = call.Flags;
        JsonArray ulimits = JsonBuild.Array(flags.List("ulimit").Select(UlimitOption.Read));
        return ApiPath.Of("/build").With("t", flags.List("tag")).With("dockerfile", source.Dockerfile).With("remote", source.Remote)
            .With("buildargs", Arguments(flags)).With("labels", Text(JsonBuild.Map(flags.Map("label")))).With("cachefrom", Text(JsonBuild.Strings(flags.List("cache-from"))))
            .With("extrahosts", flags.List("add-host")).With("nocache", flags.Bool("no-cache")).With("pull", flags.Bool("pull")).With("q", flags.Bool("quiet"))
            .With("rm", flags.Bool("rm") ? "1" : "0").With("forcerm", flags.Bool("force-rm")).With("squash", flags.Bool("squash"))
            .With("memory", Number(flags.Bytes("memory"))).With("memswap", Number(flags.Bytes("memory-swap"))).With("shmsize", Number(flags.Bytes("shm-size")))
            .With("cpushares", Number(flags.Int("cpu-shares"))).With("cpuperiod", Number(flags.Int("cpu-period"))).With("cpuquota", Number(flags.Int("cpu-quota")))
            .With("cpusetcpus", flags.String("cpuset-cpus")).With("cpusetmems", flags.String("cpuset-mems")).With("cgroupparent", flags.String("cgroup-parent"))
            .With("networkmode", flags.String("network")).With("platform", flags.String("platform")).With("target", flags.String("target"))
            .With("ulimits", Text(ulimits)).With("securityopt", Text(JsonBuild.Strings(flags.List("security-opt")))).With("check", flags.Bool("check")).With("graph", flags.StringOrNull("graph")).With("version", "1");
    }

    private static string? Arguments(FlagValues flags)
    {
        JsonObject arguments = [];
        foreach (string argument in flags.List("build-arg"))
        {
            (string name, string value) = Pairs.Split(argument);
            arguments[name] = argument.Contains('=', StringComparison.Ordinal) ? value : Environment.GetEnvironmentVariable(name);
        }

        return Text(arguments);
    }

    private static string? Text(JsonNode node) => node is JsonObject { Count: 0 } or JsonArray { Count: 0 } ? null : node.ToJsonString();

    private static string? Number(long value) => value == 0 ? null : value.ToString(CultureInfo.InvariantCulture);
}
