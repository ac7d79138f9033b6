using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose config</c>: the files in their canonical form.</summary>
internal static class ConfigCommand
{
    public static ComposeEntry Entry() => new(
        ["config", "convert"], "Check the files and print them in their canonical form", "[SERVICE...]",
        new FlagTable().String("format", "Print as yaml or json", "yaml").String("hash", "Print the hashes of services (names, or *)").Bool("images", "Print the names of the images")
            .Bool("networks", "Print the names of the networks").Bool("environment", "Print the variables that the files are read with").Bool("no-interpolate", "Do not put variables in")
            .Bool("no-env-resolution", "Do not read env_file").Bool("no-normalize", "Do not add what the files leave unsaid").Bool("no-path-resolution", "Leave paths as they are written").Bool("no-consistency", "Do not check that the parts fit together")
            .Bool("resolve-image-digests", "Replace tags by digests").String("output", 'o', "Write to a file").Bool("profiles", "Print the names of the profiles").Bool("quiet", 'q', "Only check")
            .Bool("services", "Print the names of the services").Bool("variables", "Print the variables that the files use").Bool("volumes", "Print the names of the volumes"),
        RunAsync);

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "NAME", ["Required"] = "REQUIRED", ["DefaultValue"] = "DEFAULT VALUE", ["AlternateValue"] = "ALTERNATE VALUE",
    };

    private static Row Row(VariableUse use) => new Row().Field("Name", use.Name).Field("Required", () => use.Required).Field("DefaultValue", use.Default).Field("AlternateValue", use.Alternate);

    private static async Task<int> RunAsync(ComposeCall compose)
    {
        FlagValues flags = compose.Flags;
        bool hashes = flags.Has("hash");
        bool asked = flags.Bool("variables");
        SortedDictionary<string, VariableUse> variables = new(StringComparer.Ordinal);
        Project project = compose.Load(o => o with
        {
            Interpolate = !flags.Bool("no-interpolate") && !asked, ReadEnvFiles = !hashes && !asked && !flags.Bool("no-env-resolution") && !flags.Bool("no-interpolate"),
            Normalize = !flags.Bool("no-normalize"), ResolvePaths = !flags.Bool("no-path-resolution"), CheckConsistency = !flags.Bool("no-consistency") && !asked,
            Variables = asked ? use => variables.TryAdd(use.Name, use) : null,
        });
        if (asked)
        {
            await compose.Out.WriteAsync(new Listing("{{.Name}}\t{{.Required}}\t{{.DefaultValue}}\t{{.AlternateValue}}", s_headers).Print(flags.Has("format") ? flags.String("format") : "", variables.Values.Select(Row)));
            return 0;
        }

        string text = flags.Bool("quiet") ? "" : await TextAsync(compose, project);
        if (flags.StringOrNull("output") is { } file)
        {
            await File.WriteAllTextAsync(file, text);
        }
        else
        {
            await compose.Out.WriteAsync(text);
        }

        return 0;
    }

    private static async Task<string> TextAsync(ComposeCall compose, Project project)
    {
        FlagValues flags = compose.Flags;
        IEnumerable<Service> enabled = project.Services.Values.Where(s => project.Enabled.Contains(s.Name)).OrderBy(s => s.Name, StringComparer.Ordinal);
        if (flags.StringOrNull("hash") is { } wanted)
        {
            return Lines((wanted == "*" ? enabled : wanted.Split(',').Select(project.Service)).Select(s => $"{s.Name} {ConfigHash.Of(s)}"));
        }

        return flags.Bool("services") ? Lines(DependencyOrder.With(project, project.Enabled, dependencies: true).Select(s => s.Name))
            : flags.Bool("volumes") ? Lines(project.Volumes.Keys) : flags.Bool("networks") ? Lines(project.Networks.Keys)
            : flags.Bool("images") ? Lines(enabled.Select(s => Images.Name(project, s)))
            : flags.Bool("profiles") ? Lines(project.Services.Values.SelectMany(s => s.Profiles).Distinct().Order(StringComparer.Ordinal))
            : flags.Bool("environment") ? Lines(project.Variables.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}"))
            : Document(compose, flags.Bool("resolve-image-digests") ? await ComposeDigests.ResolveAsync(compose.Engine, project) : project);
    }

    private static string Document(ComposeCall compose, Project project)
    {
        Mapping shown = CanonicalDocument.Of(project, compose.Arguments);
        bool dollar = !compose.Flags.Bool("no-interpolate");
        return compose.Flags.String("format") switch
        {
            "yaml" => CanonicalYaml.Write(shown, "", dollar),
            "json" => CanonicalJson.Write(shown, "", new JsonStyle { EscapeDollar = dollar }) + "\n",
            var format => throw new CommandException($"unsupported format \"{format}\""),
        };
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(l => l + "\n"));
}
