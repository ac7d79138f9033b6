using Slipway.Packs.Providers;

namespace Slipway.Packs.Configuration;

/// <summary>Lays layers over a draft.</summary>
internal static class LayerMerge
{
    private static readonly string[] s_markers = ["...", "@auto"];

    internal static void Apply(Draft draft, PlanLayer layer)
    {
        foreach (var (name, value) in layer.Variables)
        {
            draft.Variables[name] = value;
        }

        foreach (var (name, phase) in layer.Phases)
        {
            Apply(draft.Phase(name), phase);
        }

        if (layer.Start is not null)
        {
            (draft.Start, draft.StartReason) = (layer.Start, layer.StartReason ?? layer.Origin);
        }

        draft.OtherRunImage = layer.RunImage ?? draft.OtherRunImage;
        draft.OtherBuildImage = layer.BuildImage ?? draft.OtherBuildImage;
    }

    /// <summary>The names of a layer's list with the markers replaced by what is below.</summary>
    internal static List<string> List(List<string> below, List<string>? above) =>
        above is null ? below : [.. above.SelectMany(item => s_markers.Contains(item) ? below : [item])];

    private static void Apply(DraftPhase phase, PhaseLayer layer)
    {
        var commands = phase.Commands;
        phase.DependsOn = List(phase.DependsOn, layer.DependsOn);
        phase.Packages = [.. List(phase.Packages, layer.Packages).Concat(layer.Translated).Distinct()];
        phase.RunPackages = [.. List(phase.RunPackages, layer.RunPackages).Concat(layer.Packages?.Except(s_markers) ?? []).Concat(layer.Translated).Distinct()];
        phase.Commands = [.. List(commands, layer.Commands).Where(c => c.Trim() is not ("" or ":"))];
        phase.Caches = List(phase.Caches, layer.Caches);
        phase.Paths = List(phase.Paths, layer.Paths);
        if (layer.Files is not null)
        {
            phase.Files = List(phase.Files ?? [], layer.Files);
        }
        else if (phase.Name != "setup" && !phase.Commands.TrueForAll(commands.Contains))
        {
            // A command that somebody wrote may need any file.
            phase.Files = null;
        }
    }

    /// <summary>Phases in the order of their dependencies; setup comes before all others.</summary>
    /// <exception cref="PackException">They depend on each other in a circle.</exception>
    internal static List<DraftPhase> Ordered(IReadOnlyList<DraftPhase> phases)
    {
        var done = new List<DraftPhase>();
        var left = phases.OrderBy(p => p.Name != "setup").ThenBy(p => p.Name, StringComparer.Ordinal).ToList();
        while (left.Count > 0)
        {
            var next = left.Find(p => p.DependsOn.TrueForAll(d => !left.Exists(l => l.Name == d)))
                ?? throw new PackException("Circular dependency detected: " + string.Join(" → ", Circle(left)));
            left.Remove(next);
            done.Add(next);
        }

        return done;
    }

    private static List<string> Circle(List<DraftPhase> left)
    {
        var path = new List<string>();
        for (var phase = left[0]; ; phase = left.Find(l => phase.DependsOn.Contains(l.Name))!)
        {
            var seen = path.IndexOf(phase.Name);
            path.Add(phase.Name);
            if (seen >= 0)
            {
                return path[seen..];
            }
        }
    }
}
