using System.Text;
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
            .String("port", "Port the application listens on").String("file", 'f', "Path of the Dockerfile or Compose file"),
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
            "text" => PlanText.Of(plan),
            _ => throw new CommandException($"unknown format \"{format}\": must be text, json or dockerfile"),
        });
        return 0;
    }

    private static PackOptions Options(FlagValues flags)
    {
        string? file = flags.StringOrNull("file");
        string? port = flags.StringOrNull("port");
        return new PackOptions
        {
            Pack = flags.StringOrNull("pack") ?? "auto",
            Environment = Variables(flags.List("env")),
            InstallCommand = flags.StringOrNull("install-cmd"), BuildCommand = flags.StringOrNull("build-cmd"), StartCommand = flags.StringOrNull("start-cmd"),
            BaseDirectory = flags.StringOrNull("base-dir") ?? "/", PublishDirectory = flags.StringOrNull("publish"), SinglePage = flags.Has("spa") ? flags.Bool("spa") : null,
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

/// <summary>A plan for people: a line for each decision, with what decided it.</summary>
internal static class PlanText
{
    private const int Width = 12;

    public static string Of(PackPlan plan)
    {
        StringBuilder text = new();
        void Line(string name, string value) => text.Append(name.PadRight(Width)).Append(' ').Append(value).Append('\n');

        Line("pack", plan.Pack);
        foreach (Choice provider in plan.Providers)
        {
            Line("detected", $"{provider.Name} ({provider.Reason})");
        }

        if (plan.Framework is { } framework)
        {
            Line("framework", $"{framework.Name} ({framework.Reason})");
        }

        foreach (ToolChoice tool in plan.Tools)
        {
            Line("tool", $"{tool.Name} {tool.Version}".TrimEnd() + $" ({(tool.Requested.Length > 0 ? $"\"{tool.Requested}\" in " : "")}{tool.Reason})");
        }

        foreach (PlanPhase phase in plan.Phases)
        {
            Phase(phase, Line);
        }

        Line("start", plan.StartCommand is { } start ? $"{start} ({plan.StartReason})" : plan.StartReason.Length > 0 ? plan.StartReason : "the image's own");
        foreach ((string name, string command) in plan.Processes.Where(p => p.Value != plan.StartCommand))
        {
            Line("process", $"{name}: {command}");
        }

        Line("port", $"{plan.Port}");
        Line("images", string.Join(", ", plan.Image is { } image ? [image] : plan.BaseImages.Distinct()));
        Others(plan, Line);
        return text.ToString();
    }

    private static void Phase(PlanPhase phase, Action<string, string> line)
    {
        string[] packages = [.. phase.Packages.Concat(phase.RunPackages).Distinct()];
        if (packages.Length > 0)
        {
            line(phase.Name, "packages: " + string.Join(", ", packages));
        }

        foreach (string command in phase.Commands)
        {
            line(phase.Name, command);
        }
    }

    private static void Others(PackPlan plan, Action<string, string> line)
    {
        if (plan.ComposeFile is { } file)
        {
            line("file", file);
        }

        if (plan.AlsoMatching.Count > 0)
        {
            line("unused", string.Join(", ", plan.AlsoMatching.Select(c => $"{c.Name} ({c.Reason})")));
        }

        foreach (string warning in plan.Warnings)
        {
            line("note", warning);
        }
    }
}
