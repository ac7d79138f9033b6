using Slipway.Packs.Configuration;
using Slipway.Packs.Sources;
using Slipway.Packs.Writing;

namespace Slipway.Packs.Providers;

/// <summary>Detects languages, lays configuration over what they propose, and writes the plan.</summary>
internal sealed class AutoPlanner
{
    /// <summary>In the order of detection: the first that matches is used.</summary>
    private static readonly Provider[] s_providers =
        [new Go.GoProvider(), new Java.JavaProvider(), new Php.PhpProvider(), new Ruby.RubyProvider(), new Node.NodeProvider(), new Python.PythonProvider(), new Static.StaticProvider(), new ShellProvider()];

    private readonly PackContext _context;
    private readonly PackOptions _options;

    private AutoPlanner(PackContext context, PackOptions options) => (_context, _options) = (context, options);

    /// <param name="source">The base directory.</param>
    /// <param name="options">What was decided beforehand.</param>
    /// <param name="only">The provider to use instead of detecting one.</param>
    /// <param name="otherwise">The plan when nothing was recognised; null for none.</param>
    internal static PackPlan Plan(SourceTree source, PackOptions options, Provider? only, Func<SourceTree, PackOptions, PackPlan?>? otherwise = null)
    {
        var plan = new AutoPlanner(new PackContext(source, options.Environment), options).Make(only);
        if (plan is not null)
        {
            return plan with { ContextDirectory = source.Within };
        }

        if (otherwise?.Invoke(source, options) is { } described)
        {
            return described;
        }

        var directories = source.Entries("", directories: true).Where(d => d[0] != '.').ToArray();
        if (directories.Length != 1)
        {
            throw Nothing(source, directories);
        }

        var below = Plan(source.Below(directories[0]), options, only, otherwise);
        return below with { Warnings = [$"Using subdirectory \"{directories[0]}\"", .. below.Warnings] };
    }

    private static PackException Nothing(SourceTree source, string[] directories)
    {
        var files = source.Entries("", directories: false);
        var entries = directories.Select(d => d + "/").Concat(files).Take(20).ToArray();
        return new PackException("No language was recognised. Looked for package.json, requirements.txt, pyproject.toml, Pipfile, main.py, go.mod, main.go, composer.json, index.php, Gemfile, "
            + "pom.xml, gradlew, index.html, public/, dist/, start.sh, Procfile, nixpacks.toml, Dockerfile and compose.yaml.\n"
            + (entries.Length > 0 ? "The source has:\n" + string.Join('\n', entries.Select(e => "  " + e)) : "The source is empty."));
    }

    /// <summary>The plan; null when nothing says what to do.</summary>
    private PackPlan? Make(Provider? only)
    {
        var file = PlanFile.Read(_context);
        var processes = Procfile.Read(_context.Source);
        var detected = s_providers.Select(p => (Provider: p, Reason: p.Detect(_context))).Where(d => d.Reason is not null).ToList();
        List<(Provider, string)> chosen = only is null ? Chosen(file, detected!) : [(only, "chosen")];
        if (chosen.Count == 0 && file is null && Procfile.Start(processes) is null && string.IsNullOrEmpty(_options.StartCommand) && _context.Setting("START_CMD") is null)
        {
            return null;
        }

        var draft = Combine(chosen);
        Configure(draft, file, processes);
        Publish(draft);
        draft.Processes = Procfile.Others(processes, _context);
        draft.Finish?.Invoke(draft, draft.Start);
        if (draft.Start is null && !draft.StartsItself)
        {
            throw new PackException("No start command could be found. " + (draft.StartHelp.Length > 0 ? draft.StartHelp : "Set a start command, or add a Procfile with a line \"web: command\"."));
        }

        Doctor.Look(_context, draft);
        if (only is null && _context.Source.FileExists(_options.DockerfilePath))
        {
            _context.Warn($"there is a {_options.DockerfilePath}, which is not used: choose the build pack \"dockerfile\" for it");
        }

        var also = detected.Skip(1).Where(d => d.Provider.Name is not "static" && chosen.TrueForAll(c => c.Item1 != d.Provider)).Select(d => new Choice(d.Provider.Name, d.Reason!));
        return Written(draft, [.. chosen.Select(c => new Choice(c.Item1.Name, c.Item2))], [.. also], processes);
    }

    private static List<(Provider, string)> Chosen(PlanLayer? file, List<(Provider Provider, string Reason)> detected)
    {
        List<string> usual = detected.Count > 0 ? [detected[0].Provider.Name] : [];
        var chosen = new List<(Provider, string)>();
        foreach (var name in LayerMerge.List(usual, file?.Providers).Distinct())
        {
            var provider = Array.Find(s_providers, p => p.Name == name || (p.Name == "static" && name == "staticfile"))
                ?? throw new PackException($"Provider {name} not found. There are: {string.Join(", ", s_providers.Select(p => p.Name))}");
            chosen.Add((provider, detected.Find(d => d.Provider == provider).Reason ?? file!.Origin));
        }

        return chosen;
    }

    private Draft Combine(List<(Provider Provider, string)> chosen)
    {
        if (chosen.Count == 0)
        {
            return new Draft();
        }

        var main = chosen[0].Provider.Plan(_context);
        foreach (var (provider, _) in chosen.Skip(1))
        {
            SecondLanguage.Add(main, provider.Plan(_context), provider.Name, runs: true);
        }

        return main;
    }

    /// <summary>The settings may make a site of what the build makes, and decide how it answers unknown paths.</summary>
    private void Publish(Draft draft)
    {
        if (_options is { Pack: "auto", PublishDirectory: { Length: > 0 } asked } && draft.Publish is null)
        {
            var directory = SourceTree.Clean(asked) ?? throw new PackException($"The directory \"{asked}\" lies outside of the source");
            draft.Serve(directory, singlePage: false);
            (draft.Start, draft.StartReason) = (null, $"a web server for {directory} (publish directory)");
        }

        if (_options.SinglePage is { } single && draft.RunImage == "static")
        {
            draft.Variables["SPA"] = single ? "1" : "0";
        }
    }

    private void Configure(Draft draft, PlanLayer? file, Dictionary<string, string> processes)
    {
        if (Procfile.Start(processes) is var (name, command))
        {
            (draft.Start, draft.StartReason) = (command, $"Procfile {name}");
        }

        foreach (var layer in (PlanLayer?[])[file, SettingsLayer.Variables(_context), SettingsLayer.Options(_options)])
        {
            if (layer is not null)
            {
                LayerMerge.Apply(draft, layer);
            }
        }

        if (file?.ReleaseAtBuild == true && processes.Remove(Procfile.Release, out var release))
        {
            var phase = draft.Phase("release");
            phase.DependsOn = [.. draft.Phases.Select(p => p.Name).Where(n => n != "release")];
            phase.Commands.Add(release);
        }

        foreach (var variables in (Dictionary<string, string>[])[draft.Variables, draft.BuildVariables])
        {
            foreach (var variable in variables.Keys.Where(k => _context.Plain(k) is not null).ToArray())
            {
                variables[variable] = _context.Plain(variable)!;
            }
        }
    }

    private PackPlan Written(Draft draft, List<Choice> providers, List<Choice> also, Dictionary<string, string> processes)
    {
        var port = _options.Port ?? draft.Port ?? PackOptions.UsualPort;
        draft.Variables["PORT"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var phases = LayerMerge.Ordered(draft.Phases);
        var text = new DockerfileText(draft, phases, _context, _options, port, processes);
        var content = text.Write();
        return new PackPlan
        {
            Pack = _options.Pack, Providers = providers, AlsoMatching = also, Framework = draft.Framework, Tools = draft.Tools,
            Phases = [.. phases.Select(Phase)],
            BaseImages = text.BaseImages, Dockerfile = content, BuildArguments = text.Arguments, Variables = draft.Variables, Port = port,
            ContextIgnore = ContextIgnore.Text(_context.Source.Text(".dockerignore") ?? "", draft.Ignored),
            StartCommand = draft.Start, StartReason = draft.StartReason, Processes = processes, Background = draft.Processes.Where(p => p.Key != Procfile.Release).ToDictionary(p => p.Key, p => StartLine.Of(p.Value)),
            ReleaseCommand = draft.Processes.GetValueOrDefault(Procfile.Release),
            Caches = [.. phases.SelectMany(p => p.Caches).Distinct()], Warnings = _context.Warnings,
        };
    }

    private static PlanPhase Phase(DraftPhase phase) => new()
    {
        Name = phase.Name, DependsOn = phase.DependsOn, Packages = phase.Packages, RunPackages = phase.RunPackages, Commands = phase.Commands, Files = phase.Files, Caches = phase.Caches, Paths = phase.Paths,
    };
}
