namespace Slipway.Packs.Providers;

/// <summary>Adds a further language to an application: its tools as packages, its phases under its name.</summary>
internal static class SecondLanguage
{
    /// <param name="main">The application's draft.</param>
    /// <param name="second">The other language's.</param>
    /// <param name="name">Its name.</param>
    /// <param name="runs">The image has the language too; otherwise only the build.</param>
    internal static void Add(Draft main, Draft second, string name, bool runs)
    {
        var setup = main.Phase("setup");
        setup.Commands.AddRange(second.ToolCommands);
        if (runs)
        {
            setup.RunPackages = [.. setup.RunPackages.Concat(second.ToolPackages).Distinct()];
        }

        setup.Packages = [.. setup.Packages.Concat(second.ToolPackages).Distinct()];
        setup.RunPackages = [.. setup.RunPackages.Concat(second.Phases.SelectMany(p => p.RunPackages)).Distinct()];
        foreach (var phase in second.Phases)
        {
            phase.DependsOn = [.. phase.DependsOn.Select(d => d == "setup" ? d : $"{name}:{d}")];
            if (phase.Name == "setup")
            {
                setup.Packages = [.. setup.Packages.Concat(phase.Packages).Distinct()];
                setup.Commands.AddRange(phase.Commands);
                setup.Caches.AddRange(phase.Caches.Except(setup.Caches));
                setup.Paths.AddRange(phase.Paths.Except(setup.Paths));
                continue;
            }

            phase.Name = $"{name}:{phase.Name}";
            main.Phases.Add(phase);
        }

        if (main.Phases.Exists(p => p.Name == $"{name}:install"))
        {
            main.Phase("build").DependsOn.Add($"{name}:install");
        }

        foreach (var (key, value) in second.Variables)
        {
            main.Variables.TryAdd(key, value);
        }

        foreach (var (key, value) in second.BuildVariables)
        {
            main.BuildVariables.TryAdd(key, value);
        }

        main.Tools.AddRange(second.Tools);
        main.Ignored.AddRange(second.Ignored);
        main.Dependencies.AddRange(second.Dependencies);
        main.InstallPrefixes = [.. main.InstallPrefixes, .. second.InstallPrefixes];
    }
}
