namespace Slipway.Packs.Configuration;

/// <summary>A part of a plan that is laid over another: null leaves what is below, a list replaces it, and <c>...</c> in a list stands for it.</summary>
/// <param name="Origin">The file or variables it comes from, for reasons.</param>
internal sealed record PlanLayer(string Origin)
{
    internal List<string>? Providers { get; init; }

    internal Dictionary<string, string> Variables { get; init; } = [];

    internal Dictionary<string, PhaseLayer> Phases { get; init; } = new(StringComparer.Ordinal);

    internal string? Start { get; set; }

    internal string? StartReason { get; set; }

    internal string? BuildImage { get; init; }

    internal string? RunImage { get; init; }

    /// <summary>A <c>release</c> process runs while the image is built, as Nixpacks does it.</summary>
    internal bool ReleaseAtBuild { get; init; }

    internal PhaseLayer Phase(string name) => Phases.TryGetValue(name, out var phase) ? phase : Phases[name] = new PhaseLayer();
}

/// <summary>A phase of a layer.</summary>
internal sealed class PhaseLayer
{
    internal List<string>? DependsOn { get; set; }

    /// <summary>Debian packages.</summary>
    internal List<string>? Packages { get; set; }

    internal List<string>? RunPackages { get; set; }

    /// <summary>Debian packages that names of Nix stand for; always added.</summary>
    internal List<string> Translated { get; } = [];

    internal List<string>? Commands { get; set; }

    internal List<string>? Files { get; set; }

    internal List<string>? Caches { get; set; }

    internal List<string>? Paths { get; set; }
}
