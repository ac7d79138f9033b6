using Slipway.Packs.Providers;

namespace Slipway.Packs.Configuration;

/// <summary>The layers of <c>NIXPACKS_*</c> variables and of the options that somebody chose.</summary>
internal static class SettingsLayer
{
    private static readonly char[] s_separators = [',', ' '];

    internal static PlanLayer Variables(PackContext context)
    {
        var layer = new PlanLayer("NIXPACKS_*")
        {
            Start = context.Setting("START_CMD"),
            StartReason = context.SettingName("START_CMD"),
        };
        Command(layer, "install", context.Setting("INSTALL_CMD"));
        Command(layer, "build", context.Setting("BUILD_CMD"));
        Caches(layer, "install", context.Setting("INSTALL_CACHE_DIRS"));
        Caches(layer, "build", context.Setting("BUILD_CACHE_DIRS"));
        if (context.Setting("APT_PKGS") is { } packages)
        {
            layer.Phase("setup").Packages = ["...", .. Words(packages)];
        }

        foreach (var name in (string[])["PKGS", "LIBS"])
        {
            layer.Phase("setup").Translated.AddRange(NixNames.Packages(Words(context.Setting(name) ?? ""), context.SettingName(name)));
        }

        return layer;
    }

    internal static PlanLayer Options(PackOptions options)
    {
        var layer = new PlanLayer("the application's settings")
        {
            Start = string.IsNullOrEmpty(options.StartCommand) ? null : options.StartCommand,
            StartReason = "start command of the application's settings",
        };
        Command(layer, "install", options.InstallCommand);
        Command(layer, "build", options.BuildCommand);
        return layer;
    }

    /// <summary>Space alone runs nothing, emptiness leaves what was detected.</summary>
    private static void Command(PlanLayer layer, string phase, string? command)
    {
        if (!string.IsNullOrEmpty(command))
        {
            layer.Phase(phase).Commands = [command];
        }
    }

    private static void Caches(PlanLayer layer, string phase, string? directories)
    {
        if (directories is not null)
        {
            layer.Phase(phase).Caches = ["...", .. Words(directories)];
        }
    }

    private static string[] Words(string text) => text.Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
}
