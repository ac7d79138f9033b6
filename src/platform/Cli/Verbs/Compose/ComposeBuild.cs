using System.Globalization;
using Slipway.BuildClient;
using Slipway.Cli.Credentials;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Output.Builds;
using Slipway.Cli.Verbs.Builds;
using Slipway.Compose;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>What a build is asked for beside the file.</summary>
internal sealed record BuildChoices
{
    public bool NoCache { get; init; }

    public bool Pull { get; init; }

    public bool Quiet { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<string> Agents { get; init; } = [];

    public string Memory { get; init; } = "";
}

/// <summary>Builds the images of services with the engine's builder.</summary>
internal static class ComposeBuild
{
    /// <summary>Builds the image of one service, after those that it is built on.</summary>
    /// <exception cref="ComposeException">It failed, or services are built on each other in a circle.</exception>
    public static async Task BuildAsync(ComposeCall compose, Project project, Service service, string name, BuildChoices choices, IReadOnlyList<string>? above = null)
    {
        IReadOnlyList<string> chain = [.. above ?? [], service.Name];
        foreach (Service other in BuiltOn(project, service))
        {
            if (chain.Contains(other.Name))
            {
                throw new ComposeException(service.Build!.At, $"{service.Path}.build.additional_contexts", $"services are built on each other in a circle: {string.Join(" -> ", chain.Append(other.Name))}");
            }

            await BuildAsync(compose, project, other, Images.Name(project, other), choices, chain);
        }

        BuildOrder order = Order(compose, project, service, name, choices);
        await using PrefixedWriter output = new(compose.Error, service.Name + " ");
        bool terminal = compose.Display.Live && !choices.Quiet;
        using BuildDisplay display = BuildDisplay.For(choices.Quiet ? "quiet" : compose.Display.BuildMode, terminal ? compose.Error : output, compose.Call.Time);
        try
        {
            using IDisposable turn = await compose.Display.LendAsync(terminal);
            await new BuildRun(compose.Engine).RunAsync(order, display.Show);
            display.End();
        }
        catch (BuildFailedException e)
        {
            display.Fail(e);
            throw new ComposeException($"failed to build {service.Name}: {e.Message}") { Cause = FailureCause.Build };
        }
    }

    private static IEnumerable<Service> BuiltOn(Project project, Service service) => Contexts(service).Values
        .Where(c => c.StartsWith("service:", StringComparison.Ordinal)).Select(c => project.Service(c["service:".Length..])).Where(s => s.Build is not null);

    private static IReadOnlyDictionary<string, string> Contexts(Service service) => service.Build.Map("additional_contexts") is null ? new Dictionary<string, string>() : service.Build!.Pairs("additional_contexts");

    private static BuildOrder Order(ComposeCall compose, Project project, Service service, string name, BuildChoices choices)
    {
        Mapping build = service.Build ?? throw new ComposeException($"service {service.Name} has no build");
        CredentialStore credentials = new(compose.Call.Globals.ConfigDirectory);
        string context = build.Text("context") ?? ".";
        string file = build.Text("dockerfile") ?? "";
        return new BuildOrder
        {
            Context = context,
            Dockerfile = file.Length == 0 || ProjectPaths.IsRemote(context) ? file : Path.GetFullPath(file, context),
            DockerfileText = build.Text("dockerfile_inline") is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : null,
            Names = [name, .. build.Texts("tags")],
            Target = build.Text("target") ?? "",
            Platforms = service.Platform is { } platform ? [platform] : build.Texts("platforms"),
            Arguments = Arguments(project, build, choices),
            Labels = new Dictionary<string, string>(build.Map("labels") is null ? [] : build.Pairs("labels")) { [Labels.Project] = project.Name, [Labels.Service] = service.Name, [Labels.Version] = Labels.CompatibleVersion },
            Contexts = Contexts(service).ToDictionary(c => c.Key, c => c.Value.StartsWith("service:", StringComparison.Ordinal) ? "docker-image://" + Images.Name(project, project.Service(c.Value["service:".Length..])) : c.Value),
            Secrets = [.. build.Items("secrets").OfType<Mapping>().Select(s => Secret(project, service, s))],
            Agents = [.. (choices.Agents.Count > 0 ? choices.Agents : build.Texts("ssh")).Select(BuildOptionText.Agent)],
            CacheFrom = [.. build.Texts("cache_from").Select(BuildOptionText.Cache)],
            CacheTo = [.. build.Texts("cache_to").Select(BuildOptionText.Cache)],
            Outputs = [new BuildOption("image", new Dictionary<string, string>())],
            Attestations = new[] { "provenance", "sbom" }.Where(k => build.Text(k) is { } value && value != "false").ToDictionary(k => k, k => build.Text(k) is "true" ? "" : build.Text(k)!),
            NoCache = choices.NoCache || build.Flag("no_cache"),
            Pull = choices.Pull || build.Flag("pull"),
            Network = build.Text("network") ?? "",
            ExtraHosts = [.. build.Texts("extra_hosts").Select(BuildOptionText.Host)],
            SharedMemory = build.Number("shm_size") ?? 0,
            Ulimits = [.. build.Map("ulimits")?.Keys.Select(key => Ulimit(build.Map("ulimits")!, key)) ?? []],
            Entitlements = [.. build.Texts("entitlements").Concat(build.Flag("privileged") ? ["security.insecure"] : []).Concat(build.Text("network") == "host" ? ["network.host"] : []).Distinct()],
            Limits = choices.Memory.Length == 0 ? new Dictionary<string, string>() : new Dictionary<string, string> { ["memory"] = ByteSize.Parse(choices.Memory).ToString(CultureInfo.InvariantCulture) },
            Credentials = host => BuildFlags.Credentials(credentials.Find(host)),
        };
    }

    private static Dictionary<string, string> Arguments(Project project, Mapping build, BuildChoices choices)
    {
        Dictionary<string, string> arguments = new(StringComparer.Ordinal);
        foreach (Mapping.Entry entry in build.Map("args")?.Entries ?? [])
        {
            if ((entry.Value.IsNull ? project.Variables.GetValueOrDefault(entry.Key) : entry.Value.Text()) is { } value)
            {
                arguments[entry.Key] = value;
            }
        }

        foreach ((string key, string value) in BuildFlags.Arguments(choices.Arguments))
        {
            arguments[key] = value;
        }

        return arguments;
    }

    private static BuildSecret Secret(Project project, Service service, Mapping reference)
    {
        string source = reference.Text("source") ?? "";
        FileModel secret = project.Secrets.GetValueOrDefault(source) ?? throw new ComposeException(reference.At, $"{service.Path}.build.secrets", $"refers to undefined secret {source}");
        string id = reference.Text("target") is { Length: > 0 } target ? target : source;
        return secret.File is { } file ? new BuildSecret(id, file, null)
            : secret.Variable is { } variable ? new BuildSecret(id, null, project.Variables.GetValueOrDefault(variable) ?? throw new ComposeException(secret.Map.At, "secrets." + source, $"the variable \"{variable}\" is not set"))
            : secret.Content is { } content ? new BuildSecret(id, null, content)
            : throw new ComposeException(reference.At, $"{service.Path}.build.secrets", $"unsupported external secret {source}");
    }

    private static string Ulimit(Mapping ulimits, string key)
    {
        long soft = ulimits.Map(key).Number("soft") ?? ulimits.Number(key) ?? 0;
        return string.Create(CultureInfo.InvariantCulture, $"{key}={soft}:{ulimits.Map(key).Number("hard") ?? soft}");
    }
}
