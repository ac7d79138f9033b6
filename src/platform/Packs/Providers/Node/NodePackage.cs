using Slipway.Toml;

namespace Slipway.Packs.Providers.Node;

/// <summary>The application's <c>package.json</c>.</summary>
internal sealed class NodePackage(PackContext context)
{
    internal PackContext Context { get; } = context;

    internal TomlTable Document { get; } = context.Document("package.json")
        ?? throw new PackException("Failed to read package.json: " + (context.Warnings.LastOrDefault() ?? "it is too large or no file"));

    /// <summary>The text of a script; null when it is missing or empty.</summary>
    internal string? Script(string name) => Document.Text("scripts", name) is { } text && text.Trim() is { Length: > 0 } script ? script : null;

    /// <summary>Whether something is among the dependencies, those for development included.</summary>
    internal bool Depends(string name) => Production(name) || Development(name);

    internal bool DependsOnAny(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Depends(name))
            {
                return true;
            }
        }

        return false;
    }

    internal bool Production(string name) => Document.At("dependencies", name) is not null || Document.At("optionalDependencies", name) is not null;

    internal bool Development(string name) => Document.At("devDependencies", name) is not null;

    internal bool HasDevelopmentDependencies => Document.At("devDependencies") is TomlTable { Count: > 0 };

    internal bool HasDependencies => new[] { "dependencies", "devDependencies", "optionalDependencies" }.Any(t => Document.At(t) is TomlTable { Count: > 0 });

    /// <summary>Directories of workspaces as they are declared; empty when there are none.</summary>
    internal IEnumerable<string> Workspaces =>
        (Document.At("workspaces") as List<object> ?? Document.At("workspaces", "packages") as List<object> ?? []).OfType<string>();

    /// <summary>Installing runs something of the application, so it needs the whole source.</summary>
    internal string? InstallHook => new[] { "preinstall", "install", "postinstall", "prepare" }.FirstOrDefault(s => Script(s) is not null);

    /// <summary>The manifests and lock files that installing needs, those of workspaces included.</summary>
    internal List<string> Manifests()
    {
        string[] names = ["package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock", "bun.lockb", ".npmrc", ".yarnrc", ".yarnrc.yml"];
        string[] directories = [".yarn/releases", ".yarn/plugins", ".yarn/patches", ".yarn/cache", "patches", "prisma"];
        List<string> files = [.. names.Where(Context.Source.FileExists), .. directories.Where(Context.Source.DirectoryExists)];
        if (Workspaces.Any() || Context.Source.FileExists("pnpm-workspace.yaml"))
        {
            files.AddRange(Context.Source.Matching("*/package.json").Take(500));
        }

        return files;
    }
}
