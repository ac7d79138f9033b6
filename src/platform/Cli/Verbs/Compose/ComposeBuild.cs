using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.Compose;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>What a build is asked for beside the file.</summary>
internal sealed record BuildChoices
{
    public bool NoCache { get; init; }

    public bool Pull { get; init; }

    public bool Quiet { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public string Memory { get; init; } = "";
}

/// <summary>Builds the image of a service through the engine's <c>/build</c>.</summary>
internal static class ComposeBuild
{
    private static readonly string[] s_beyond = ["ssh", "secrets", "cache_to", "entitlements", "privileged", "isolation"];

    public static async Task BuildAsync(ComposeCall compose, Project project, Service service, string name, TextWriter? output, BuildChoices choices)
    {
        Mapping build = service.Build ?? throw new ComposeException($"service {service.Name} has no build");
        foreach (string key in s_beyond.Where(build.Has))
        {
            throw new ComposeException(build[key]!.At, $"{service.Path}.build.{key}", "is not served by the engine's builder");
        }

        if (build.Map("additional_contexts") is { Count: > 0 } contexts)
        {
            throw new ComposeException(contexts.At, $"{service.Path}.build.additional_contexts", "is not served by the engine's builder");
        }

        string context = build.Text("context") ?? ".";
        try
        {
            await using BuildSource source = await OpenAsync(build, context);
            await using EngineResponse response = await compose.Engine.UploadAsync("POST", Request(project, build, source, name, choices).ToString(), source.Archive);
            await ProgressDisplay.ShowAsync(response.Body, output is null ? null : TextWriter.Synchronized(output), false);
        }
        catch (CommandException e)
        {
            throw new ComposeException($"failed to build {service.Name}: {e.Message}") { Cause = FailureCause.Build };
        }
    }

    private static async Task<BuildSource> OpenAsync(Mapping build, string context)
    {
        if (build.Text("dockerfile_inline") is { } text && !ProjectPaths.IsRemote(context))
        {
            const string Name = ".dockerfile.inline";
            string list = Path.Combine(context, ".dockerignore");
            IgnorePatterns ignored = File.Exists(list) ? IgnorePatterns.Parse(await File.ReadAllTextAsync(list)) : IgnorePatterns.None;
            return new BuildSource(TarSource.Context(context, ignored, new Dictionary<string, byte[]> { [Name] = System.Text.Encoding.UTF8.GetBytes(text) }), Name, null);
        }

        string file = build.Text("dockerfile") ?? "Dockerfile";
        return await BuildSource.OpenAsync(context, ProjectPaths.IsRemote(context) ? file : Path.GetFullPath(file, context));
    }

    private static ApiPath Request(Project project, Mapping build, BuildSource source, string name, BuildChoices choices)
    {
        JsonObject arguments = [];
        foreach (Mapping.Entry entry in build.Map("args")?.Entries ?? [])
        {
            arguments[entry.Key] = entry.Value.Text() ?? project.Variables.GetValueOrDefault(entry.Key);
        }

        foreach (string argument in choices.Arguments)
        {
            (string key, string value) = Pairs.Split(argument);
            arguments[key] = argument.Contains('=', StringComparison.Ordinal) ? value : Environment.GetEnvironmentVariable(key);
        }

        JsonArray ulimits = [.. build.Map("ulimits")?.Entries.Select(e => (JsonNode)new JsonObject
        {
            ["Name"] = e.Key, ["Soft"] = (e.Value as Mapping).Number("soft") ?? build.Map("ulimits").Number(e.Key), ["Hard"] = (e.Value as Mapping).Number("hard") ?? build.Map("ulimits").Number(e.Key),
        }) ?? []];
        return ApiPath.Of("/build").With("t", new[] { name }.Concat(build.Texts("tags"))).With("dockerfile", source.Dockerfile).With("remote", source.Remote)
            .With("buildargs", arguments.Count > 0 ? arguments.ToJsonString() : null).With("labels", Map(build, "labels"))
            .With("cachefrom", build.Items("cache_from").Count > 0 ? JsonBuild.Strings(build.Texts("cache_from")).ToJsonString() : null)
            .With("extrahosts", build.Texts("extra_hosts").Select(h => h.Replace('=', ':'))).With("nocache", choices.NoCache || build.Flag("no_cache")).With("pull", choices.Pull || build.Flag("pull"))
            .With("shmsize", build.Text("shm_size")).With("networkmode", build.Text("network")).With("target", build.Text("target")).With("platform", build.Texts("platforms") is [var only] ? only : null)
            .With("memory", choices.Memory.Length > 0 ? ByteSize.Parse(choices.Memory).ToString(CultureInfo.InvariantCulture) : null)
            .With("ulimits", ulimits.Count > 0 ? ulimits.ToJsonString() : null).With("rm", "1").With("version", "1");
    }

    private static string? Map(Mapping build, string key) => build.Map(key) is not { Count: > 0 } ? null
        : new JsonObject(build.Pairs(key).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))).ToJsonString();
}
