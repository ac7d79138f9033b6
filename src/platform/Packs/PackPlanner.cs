using Slipway.Packs.Providers;
using Slipway.Packs.Sources;
using Slipway.Packs.Writing;

namespace Slipway.Packs;

/// <summary>Says what would be built of a source, and why. Reads files and nothing else: no network, no engine.</summary>
public static class PackPlanner
{
    /// <summary>The packs there are.</summary>
    public static IReadOnlyList<string> Packs { get; } = ["auto", "dockerfile", "static", "compose", "image"];

    private static readonly string[] s_composeFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    /// <summary>Makes the plan of a source.</summary>
    /// <param name="source">The root of the source; the base directory of the options is applied here. Null for pack <c>image</c> and pasted Dockerfiles.</param>
    /// <param name="options">What was decided beforehand.</param>
    /// <exception cref="PackException">It cannot be built; the message says what was looked for.</exception>
    public static PackPlan Plan(SourceTree? source, PackOptions options)
    {
        if (options.Port is < 1 or > 65535)
        {
            throw new PackException($"{options.Port} is no port");
        }

        var tree = source?.Below(options.BaseDirectory);
        var plan = options.Pack switch
        {
            "image" => Image(options),
            "dockerfile" => Dockerfile(tree, options),
            "compose" => Compose(Needed(tree, options), options),
            "static" => AutoPlanner.Plan(Needed(tree, options), options, new Providers.Static.StaticProvider { Publish = options.PublishDirectory ?? "" }),
            "auto" => AutoPlanner.Plan(Needed(tree, options), options, null, Described),
            _ => throw new PackException($"There is no build pack \"{options.Pack}\". There are: {string.Join(", ", Packs)}"),
        };
        return plan with { ContextDirectory = plan.ContextDirectory.Length > 0 ? plan.ContextDirectory : tree?.Within ?? "" };
    }

    /// <summary>The plan of a source that is no language of ours but says itself how it is built; null when it does not.</summary>
    private static PackPlan? Described(SourceTree tree, PackOptions options) =>
        tree.FileExists(options.DockerfilePath) ? Dockerfile(tree, options) : tree.FirstFile(s_composeFiles) is not null ? Compose(tree, options) : null;

    private static SourceTree Needed(SourceTree? tree, PackOptions options) =>
        tree ?? throw new PackException($"The build pack \"{options.Pack}\" needs a source");

    private static PackPlan Image(PackOptions options) => new()
    {
        Pack = "image",
        Image = string.IsNullOrWhiteSpace(options.Image) ? throw new PackException("The build pack \"image\" needs the name of an image") : options.Image.Trim(),
        Port = options.Port ?? PackOptions.UsualPort,
        StartCommand = options.StartCommand is { Length: > 0 } start ? start : null,
    };

    private static PackPlan Dockerfile(SourceTree? tree, PackOptions options)
    {
        var text = options.DockerfileText ?? tree?.Text(options.DockerfilePath) ?? throw NoDockerfile(tree, options);
        var facts = DockerfileFacts.Of(text, options.DockerfileTarget);
        var ignore = tree?.Text(options.DockerfilePath + ".dockerignore") ?? tree?.Text(".dockerignore") ?? "";
        var warnings = new List<string>();
        if (facts.Port is null && options.Port is null)
        {
            warnings.Add($"the Dockerfile has no EXPOSE; port {PackOptions.UsualPort} is assumed");
        }

        return new PackPlan
        {
            Pack = "dockerfile",
            Providers = [new Choice("dockerfile", options.DockerfileText is null ? options.DockerfilePath : "the pasted Dockerfile")],
            Dockerfile = text,
            Target = options.DockerfileTarget,
            BaseImages = facts.BaseImages,
            BuildArguments = [.. options.Environment.Keys.Where(facts.Arguments.Contains).Order(StringComparer.Ordinal)],
            ContextIgnore = ContextIgnore.Text(ignore, []),
            Port = options.Port ?? facts.Port ?? PackOptions.UsualPort,
            StartCommand = options.StartCommand is { Length: > 0 } start ? start : null,
            StartReason = options.StartCommand is { Length: > 0 } ? "the application's settings" : "the image's own",
            Warnings = warnings,
        };
    }

    private static PackException NoDockerfile(SourceTree? tree, PackOptions options)
    {
        var others = tree?.Files.Where(f => Path.GetFileName(f) is var name && (name.StartsWith("Dockerfile", StringComparison.OrdinalIgnoreCase) || name == "Containerfile")).Take(5).ToArray() ?? [];
        return new PackException($"There is no {options.DockerfilePath} in the source." + (others.Length > 0 ? $" There is: {string.Join(", ", others)}" : ""));
    }

    private static PackPlan Compose(SourceTree tree, PackOptions options)
    {
        var file = options.ComposeFile is { Length: > 0 } asked ? SourceTree.Clean(asked) : tree.FirstFile(s_composeFiles);
        if (file is null || !tree.FileExists(file))
        {
            throw new PackException($"There is no Compose file in the source; looked for {options.ComposeFile ?? string.Join(", ", s_composeFiles)}");
        }

        return new PackPlan
        {
            Pack = "compose",
            Providers = [new Choice("compose", file)],
            ComposeFile = tree.Within.Length > 0 ? $"{tree.Within}/{file}" : file,
            Port = options.Port ?? PackOptions.UsualPort,
        };
    }
}
