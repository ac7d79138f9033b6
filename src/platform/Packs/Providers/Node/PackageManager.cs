using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Node;

/// <summary>npm, yarn or pnpm: which one, which version, and its commands.</summary>
internal sealed class PackageManager
{
    private readonly NodePackage _package;
    private readonly string? _exact;
    private readonly string _reason;

    private PackageManager(NodePackage package, string name, string? exact, string reason) => (_package, Name, _exact, _reason) = (package, name, exact, reason);

    internal string Name { get; }

    private PackContext Context => _package.Context;

    /// <exception cref="PackException">It is Bun, which the distribution does not have.</exception>
    internal static PackageManager Of(NodePackage package)
    {
        var source = package.Context.Source;
        var manager = Field(package)
            ?? (source.FileExists("pnpm-lock.yaml") ? new PackageManager(package, "pnpm", null, "pnpm-lock.yaml") : null)
            ?? (source.FileExists("yarn.lock") ? new PackageManager(package, "yarn", null, "yarn.lock") : null)
            ?? (source.FirstFile("bun.lockb", "bun.lock") is { } bun ? new PackageManager(package, "bun", null, bun) : null)
            ?? new[] { "pnpm", "yarn", "bun" }.Where(n => package.Document.Text("engines", n) is not null).Select(n => new PackageManager(package, n, null, $"package.json engines.{n}")).FirstOrDefault()
            ?? new(package, "npm", null, source.FirstFile("package-lock.json") ?? "the usual one");
        var locks = new[] { "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock" }.Where(source.FileExists).ToArray();
        if (locks.Length > 1)
        {
            package.Context.Warn($"there are lock files of several package managers ({string.Join(", ", locks)}); {manager.Name} is used because of {manager._reason}");
        }

        return manager.Name != "bun" ? manager : throw new PackException($"The package manager bun ({manager._reason}) is not supported yet. Use npm, yarn or pnpm, or add a Dockerfile.");
    }

    private static PackageManager? Field(NodePackage package)
    {
        var parts = (package.Document.Text("packageManager") ?? "").Split('@', 2);
        return parts[0] is "npm" or "yarn" or "pnpm" or "bun"
            ? new PackageManager(package, parts[0], parts.Length > 1 ? parts[1].Split('+')[0] : null, "package.json packageManager") : null;
    }

    internal bool HasLock => Context.Source.FirstFile(Name switch { "pnpm" => "pnpm-lock.yaml", "yarn" => "yarn.lock", _ => "package-lock.json" }) is not null;

    /// <summary>Yarn 2 and later.</summary>
    internal bool Berry => Name == "yarn" && (Context.Source.FileExists(".yarnrc.yml") || (_exact is not null && SemanticVersion.Parse(_exact) is { Major: > 1 }));

    private bool Version4 => SemanticVersion.Parse(_exact ?? "3") is { Major: >= 4 };

    /// <summary>What is installed, and what decided it.</summary>
    internal ToolChoice Choice(int node) => new(Name, _exact ?? "", Name != "npm" ? Version(node) : node == SemanticVersion.Parse(Stack.Usual.Version("node"))!.Value.Major ? Stack.Usual.Version("npm") : Bundled(node), _reason);

    /// <summary>The major version of npm that comes with a Node.</summary>
    internal static string Bundled(int node) => node >= 24 ? "11" : node >= 20 ? "10" : "9";

    /// <summary>Puts the manager itself into the build.</summary>
    internal string? Setup(int node) => Name == "npm" ? null
        : Name == "yarn" && Context.Source.Entries(".yarn/releases", directories: false).FirstOrDefault() is { } release
            ? $"printf '#!/bin/sh\\nexec node /app/.yarn/releases/{release} \"$@\"\\n' > /usr/local/bin/yarn && chmod 755 /usr/local/bin/yarn"
        : Berry ? $"npm install --global @yarnpkg/cli-dist@{Version(node)}"
        : $"npm install --global {Name}@{Version(node)}";

    private string Version(int node) => _exact ?? Name switch
    {
        "pnpm" => FromLock(node),
        "yarn" => Berry ? "3" : "1",
        _ => "latest",
    };

    /// <summary>The major version of pnpm that writes the lock file's format, as far as Node can run it.</summary>
    private string FromLock(int node)
    {
        var version = (Context.Source.Text("pnpm-lock.yaml") ?? "").Split('\n')[0].Split(':').Last().Trim(' ', '\'', '"');
        return version switch { "5.3" => "6", "5.4" => "7", "6.0" or "6.1" => "8", "9.0" when node >= 20 => "10", _ => "9" };
    }

    internal string Install => Name switch
    {
        "pnpm" => HasLock ? "pnpm i --frozen-lockfile" : "pnpm i --no-frozen-lockfile",
        "yarn" => !Berry ? "yarn install --frozen-lockfile" : Version4 ? "yarn install --immutable" : "yarn install --check-cache",
        _ => HasLock ? "npm ci" : "npm i",
    };

    /// <summary>The variable that has dependencies for development installed although <c>NODE_ENV</c> is production.</summary>
    internal (string Name, string Value)[] Development => Name switch
    {
        "npm" => [("NPM_CONFIG_INCLUDE", "dev")],
        "pnpm" => [("NPM_CONFIG_PRODUCTION", "false")],
        _ => Berry ? [] : [("YARN_PRODUCTION", "false")],
    };

    /// <summary>Removes what only the build needed.</summary>
    internal string? Prune => Name switch
    {
        "npm" => "env -u NPM_CONFIG_INCLUDE npm prune --omit=dev",
        "pnpm" => _package.Workspaces.Any() || Context.Source.FileExists("pnpm-workspace.yaml") ? null : "pnpm prune --prod",
        _ => Berry ? (Version4 ? "yarn workspaces focus --all --production" : null) : "yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile",
    };

    internal string Cache => Name switch { "pnpm" => "/root/.local/share/pnpm/store", "yarn" => Berry ? "/root/.yarn/berry/cache" : "/usr/local/share/.cache/yarn", _ => "/root/.npm" };

    internal string Run(string script) => $"{Name} run {script}";

    /// <summary>Runs a program of a dependency.</summary>
    internal string Execute => Name switch { "pnpm" => "pnpm exec", "yarn" => "yarn", _ => "npx" };
}
