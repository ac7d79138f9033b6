using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Cli.Options;
using Slipway.Packs;
using Slipway.Packs.Sources;

namespace Slipway.Cli.Verbs;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PackPlan))]
internal sealed partial class PlanJson : JsonSerializerContext;

/// <summary><c>plan</c>: what would be built of a directory, and why. Nothing is built and no engine is asked.</summary>
internal static class PlanVerb
{
    public static Verb Plan() => new(
        "[DIRECTORY]",
        new FlagTable().String("format", "Output \"text\", \"json\" or \"dockerfile\"").Bool("dockerfile", "Show the Dockerfile only").String("pack", "Build pack: " + string.Join(", ", PackPlanner.Packs))
            .List("env", 'e', "Set a variable of the build (NAME=VALUE, or NAME to take this process's)").String("install-cmd", 'i', "Replace the commands that install dependencies")
            .String("build-cmd", 'b', "Replace the commands that build").String("start-cmd", 's', "Replace the command that starts the application")
            .String("base-dir", "Directory of the application in DIRECTORY").String("publish", "Directory to serve as a static site").Bool("spa", "Answer unknown paths of the site with index.html")
            .String("port", "Port the application listens on").String("file", 'f', "Path of the Dockerfile or Compose file")
            .String("build-ca", "PEM file with certificates of further authorities that the build trusts"),
        RunAsync)
    {
        MaxArguments = 1,
        Completes = Candidates.Files,
        Details = "Variables named NIXPACKS_* and files like nixpacks.toml and Procfile count as they will when the application is deployed.",
    };

    private static async Task<int> RunAsync(Invocation call)
    {
        PackPlan plan;
        try
        {
            plan = PackPlanner.Plan(SourceTree.Open(call.Arguments.Count > 0 ? call.Arguments[0] : "."), Options(call.Flags));
        }
        catch (PackException e)
        {
            throw new CommandException(e.Message);
        }

        string format = call.Flags.Bool("dockerfile") ? "dockerfile" : call.Flags.StringOrNull("format") ?? "text";
        await call.Out.WriteAsync(format switch
        {
            "dockerfile" => plan.Dockerfile ?? throw new CommandException($"the build pack \"{plan.Pack}\" builds nothing"),
            "json" => JsonSerializer.Serialize(plan, PlanJson.Default.PackPlan) + "\n",
            "text" => PlanSummary.Of(plan),
            _ => throw new CommandException($"unknown format \"{format}\": must be text, json or dockerfile"),
        });
        return 0;
    }

    private static PackOptions Options(FlagValues flags)
    {
        string? file = flags.StringOrNull("file");
        string? certificates = flags.StringOrNull("build-ca");
        string? port = flags.StringOrNull("port");
        return new PackOptions
        {
            Pack = flags.StringOrNull("pack") ?? "auto",
            Environment = Variables(flags.List("env")),
            InstallCommand = flags.StringOrNull("install-cmd"), BuildCommand = flags.StringOrNull("build-cmd"), StartCommand = flags.StringOrNull("start-cmd"),
            BaseDirectory = flags.StringOrNull("base-dir") ?? "/", PublishDirectory = flags.StringOrNull("publish"), SinglePage = flags.Has("spa") ? flags.Bool("spa") : null,
            Certificates = certificates is null ? null : File.Exists(certificates) ? File.ReadAllText(certificates) : throw new CommandException($"there is no file {certificates}"),
            DockerfilePath = file ?? "Dockerfile", ComposeFile = file,
            Port = port is null ? null : int.TryParse(port, out int number) ? number : throw new CommandException($"\"{port}\" is no port"),
        };
    }

    /// <summary>The value is what follows the first equals sign; names without one are taken from this process and left out when it lacks them.</summary>
    private static Dictionary<string, string> Variables(IEnumerable<string> words)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (string word in words)
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if ((equals < 0 ? Environment.GetEnvironmentVariable(word) : word[(equals + 1)..]) is { } value)
            {
                variables[equals < 0 ? word : word[..equals]] = value;
            }
        }

        return variables;
    }
}
