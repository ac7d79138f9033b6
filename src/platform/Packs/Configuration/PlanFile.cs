using Slipway.Packs.Providers;
using Slipway.Toml;

namespace Slipway.Packs.Configuration;

/// <summary><c>nixpacks.toml</c>, <c>nixpacks.json</c> or <c>pack.toml</c>: any part of a plan.</summary>
internal sealed class PlanFile
{
    private static readonly string[] s_known = ["providers", "buildImage", "variables", "staticAssets", "phases", "start", "procfile", "nixpacksArchive", "nixpkgsArchive", "runImage"];
    private static readonly string[] s_phaseKeys =
    [
        "dependsOn", "nixPkgs", "nixPackages", "nixLibs", "nixLibraries", "nixOverlays", "nixpkgsArchive", "aptPkgs", "aptPackages", "runAptPkgs", "cmds", "commands", "cmd",
        "onlyIncludeFiles", "cacheDirectories", "paths", "envPaths", "toolchains",
    ];

    private readonly PackContext _context;
    private readonly string _name;

    private PlanFile(PackContext context, string name) => (_context, _name) = (context, name);

    /// <summary>The source's configuration; null when it has none.</summary>
    /// <exception cref="PackException">The file that is asked for is missing, or it cannot be read.</exception>
    internal static PlanLayer? Read(PackContext context)
    {
        var asked = context.Setting("CONFIG_FILE");
        var name = asked ?? context.Source.FirstFile("nixpacks.toml", "nixpacks.json", "pack.toml");
        if (name is null)
        {
            return null;
        }

        if (!name.EndsWith(".toml", StringComparison.Ordinal) && !name.EndsWith(".json", StringComparison.Ordinal))
        {
            throw new PackException($"Unknown file type: {name}");
        }

        var text = context.Source.Text(name) ?? throw new PackException(asked is null ? $"Failed to read config file {name}" : $"Config file {name} does not exist");
        try
        {
            var document = name.EndsWith(".toml", StringComparison.Ordinal) ? TomlReader.Parse(text) : JsonTree.Parse(text);
            return new PlanFile(context, name).Layer(document);
        }
        catch (FormatException e)
        {
            throw new PackException($"Failed to parse {name}: {e.Message}");
        }
    }

    private PlanLayer Layer(TomlTable document)
    {
        Unknown(document, s_known, "");
        var start = document.At("start") as TomlTable ?? [];
        var layer = new PlanLayer(_name)
        {
            Providers = Strings(document.At("providers")),
            Variables = (document.At("variables") as TomlTable ?? []).ToDictionary(v => v.Key, v => Convert.ToString(v.Value, System.Globalization.CultureInfo.InvariantCulture) ?? ""),
            Start = start.Text("cmd") ?? start.Text("command"),
            RunImage = start.Text("runImage") ?? document.Text("runImage"),
            BuildImage = document.Text("buildImage"),
            ReleaseAtBuild = document.At("procfile", "releaseAtBuild") is true,
        };
        foreach (var (name, value) in document.At("phases") as TomlTable ?? [])
        {
            if (value is not TomlTable phase)
            {
                throw new PackException($"Failed to parse {_name}: phases.{name} is no table");
            }

            if (name == "start")
            {
                _context.Warn($"{_name}: [phases.start] is meant to be [start]");
                layer.Start ??= phase.Text("cmd");
                continue;
            }

            Phase(layer.Phase(name), phase, name);
        }

        if (document.ContainsKey("staticAssets"))
        {
            _context.Warn($"{_name}: staticAssets are not supported; put the files into the source");
        }

        return layer;
    }

    private void Phase(PhaseLayer phase, TomlTable table, string name)
    {
        Unknown(table, s_phaseKeys, $"phases.{name}.");
        phase.DependsOn = Strings(table.At("dependsOn"));
        phase.Packages = Strings(table.At("aptPkgs") ?? table.At("aptPackages"));
        phase.RunPackages = Strings(table.At("runAptPkgs"));
        phase.Commands = Strings(table.At("cmds") ?? table.At("commands"));
        phase.Files = Strings(table.At("onlyIncludeFiles"));
        phase.Caches = Strings(table.At("cacheDirectories"));
        phase.Paths = Strings(table.At("paths") ?? table.At("envPaths"));
        if (phase.Commands is null && table.Text("cmd") is { } command)
        {
            _context.Warn($"{_name}: phases.{name}.cmd is meant to be cmds = [...]");
            phase.Commands = [command];
        }

        foreach (var key in (string[])["nixPkgs", "nixPackages", "nixLibs", "nixLibraries"])
        {
            phase.Translated.AddRange(NixNames.Packages(Strings(table.At(key)) ?? [], _name));
        }
    }

    private void Unknown(TomlTable table, string[] known, string prefix)
    {
        foreach (var key in table.Keys.Except(known))
        {
            var near = known.FirstOrDefault(k => k.Equals(key, StringComparison.OrdinalIgnoreCase) || k.StartsWith(key, StringComparison.OrdinalIgnoreCase) || key.StartsWith(k, StringComparison.OrdinalIgnoreCase));
            _context.Warn($"{_name}: {prefix}{key} is not known" + (near is null ? "" : $"; did you mean {near}?"));
        }
    }

    private List<string>? Strings(object? value) => value switch
    {
        null => null,
        string one => [one],
        List<object> many => [.. many.Select(m => m as string ?? throw new PackException($"Failed to parse {_name}: a list of texts was expected"))],
        _ => throw new PackException($"Failed to parse {_name}: a list of texts was expected"),
    };
}
