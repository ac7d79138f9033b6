using System.Text.RegularExpressions;
using Slipway.Toml;

namespace Slipway.Packs.Providers.Node;

/// <summary>The commands that build and start an application, monorepo tools included.</summary>
internal sealed partial class NodeStart(NodePackage package, PackageManager manager)
{
    private PackContext Context => package.Context;

    /// <summary>The command that builds, with what decided it; null for none.</summary>
    internal (string Command, string Reason)? Build()
    {
        if (Moon() is { } moon)
        {
            return ($"{manager.Execute} @moonrepo/cli run {moon}:{Context.Setting("MOON_BUILD_TASK") ?? "build"}", ".moon/workspace.yml");
        }

        if (NxApp() is { } nx)
        {
            return ($"{manager.Execute} nx run {nx}:build:production", "nx.json");
        }

        var turbo = Context.Document("turbo.json");
        if (turbo?.At("pipeline", "build") is not null || turbo?.At("tasks", "build") is not null)
        {
            return ("npx turbo run build", "turbo.json");
        }

        return turbo is not null && Context.Setting("TURBO_APP_NAME") is { } app ? ($"{manager.Execute} turbo run {app}:build", "turbo.json")
            : package.Script("build") is not null ? (manager.Run("build"), "package.json scripts.build") : null;
    }

    /// <summary>The command that starts, with what decided it; null for none.</summary>
    internal (string Command, string Reason)? Start()
    {
        if (Moon() is { } moon)
        {
            return ($"{manager.Execute} @moonrepo/cli run {moon}:{Context.Setting("MOON_START_TASK") ?? "start"}", ".moon/workspace.yml");
        }

        if (NxApp() is { } nx)
        {
            return (Nx(nx), $"apps/{nx}/project.json");
        }

        if (Turbo() is { } turbo)
        {
            return (turbo, "turbo.json");
        }

        if (package.Script("start") is not null)
        {
            return (manager.Run("start"), "package.json scripts.start");
        }

        var main = package.Document.Text("main");
        return main is not null && Context.Source.FileExists(main) ? ($"node {main}", "package.json main")
            : Context.Source.FileExists("index.js") ? ("node index.js", "index.js")
            : Framework() is { } framework ? framework
            : Context.Source.FirstFile("index.mjs", "index.cjs", "server.js", "app.js", "src/index.js", "src/server.js") is { } file ? ($"node {file}", file) : null;
    }

    private (string, string)? Framework()
    {
        (string Dependency, string Command)[] defaults =
        [
            ("nuxt", "node .output/server/index.mjs"), ("next", "next start"), ("@sveltejs/adapter-node", "node build"), ("@remix-run/serve", "remix-serve build/server/index.js"),
            ("@react-router/serve", "react-router-serve build/server/index.js"), ("astro", "node dist/server/entry.mjs"), ("@nestjs/core", "node dist/main"),
            ("nitropack", "node .output/server/index.mjs"), ("@tanstack/react-start", "node .output/server/index.mjs"),
        ];
        var (dependency, command) = defaults.FirstOrDefault(d => package.Depends(d.Dependency));
        return command is null ? null : (command, $"package.json dependency {dependency}");
    }

    /// <summary>
    /// The program behind <c>npm start</c> or <c>npm run NAME</c>, when it needs no package manager: signals then reach the program itself, and the image has no npm.
    /// </summary>
    internal string? Resolve(string command)
    {
        var match = RunsScript().Match(command);
        var name = match.Groups["script"].Value;
        if (!match.Success || package.Script(name) is not { } script || package.Script("pre" + name) is not null || package.Script("post" + name) is not null
            || NeedsManager().IsMatch(script))
        {
            return null;
        }

        return script;
    }

    /// <summary>Whether a command calls a package manager.</summary>
    internal static bool UsesManager(string command) => NeedsManager().IsMatch(command);

    private string? Moon() => Context.Source.FileExists(".moon/workspace.yml") ? Context.Setting("MOON_APP_NAME") : null;

    private string? NxApp()
    {
        var app = Context.Source.FileExists("nx.json") ? Context.Setting("NX_APP_NAME") ?? Context.Document("nx.json")?.Text("defaultProject") : null;
        return app is not null && Context.Document($"apps/{app}/project.json") is not null ? app : null;
    }

    private string Nx(string app)
    {
        var targets = Context.Document($"apps/{app}/project.json")?.At("targets") as TomlTable ?? [];
        var output = targets.Text("build", "options", "outputPath") ?? $"dist/apps/{app}";
        return targets.At("start", "configurations", "production") is not null ? $"{manager.Execute} nx run {app}:start:production"
            : targets.At("start") is not null ? $"{manager.Execute} nx run {app}:start"
            : targets.Text("build", "executor") is "@nx/next:build" or "@nrwl/next:build" ? $"cd {output} && npm run start"
            : targets.Text("build", "options", "main") is { } main ? $"node {output}/{Path.GetFileNameWithoutExtension(main)}.js" : $"node {output}/index.js";
    }

    private string? Turbo()
    {
        if (Context.Document("turbo.json") is not { } turbo)
        {
            return null;
        }

        if (Context.Setting("TURBO_APP_NAME") is { } app)
        {
            if (Context.Source.Matching("*/package.json").Any(f => Context.Document(f)?.Text("name") == app))
            {
                return manager.Name switch { "pnpm" => $"pnpm --filter {app} run start", "yarn" => $"yarn workspace {app} run start", _ => $"npm --workspace {app} run start" };
            }

            Context.Warn($"no workspace is called \"{app}\" ({Context.SettingName("TURBO_APP_NAME")})");
        }

        return turbo.At("pipeline", "start") is not null || turbo.At("tasks", "start") is not null ? "npx turbo run start" : null;
    }

    [GeneratedRegex(@"^(?:npm|yarn|pnpm)(?:\s+run)?\s+(?<script>[\w:.-]+)$")]
    private static partial Regex RunsScript();

    [GeneratedRegex(@"(?:^|[\s;&|(])(?:npm|npx|yarn|pnpm|pnpx|corepack)(?:\s|$)|\$\{?npm_")]
    private static partial Regex NeedsManager();
}
