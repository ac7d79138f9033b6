namespace Slipway.Packs.Providers.Static;

/// <summary>A directory of files that a web server hands out.</summary>
internal sealed class StaticProvider : Provider
{
    /// <summary>The port of the web server in the base image.</summary>
    internal const int UsualPort = 8080;

    internal override string Name => "static";

    /// <summary>The directory to serve, when somebody chose it; null to find it.</summary>
    internal string? Publish { get; init; }

    internal override string? Detect(PackContext context) =>
        context.Source.FirstFile("Staticfile") ?? new[] { "public", "index", "dist" }.FirstOrDefault(d => context.Source.FileExists(d + "/index.html")) switch { { } d => d + "/", _ => null }
        ?? context.Source.FirstFile("index.html") ?? new[] { "public", "dist" }.FirstOrDefault(context.Source.DirectoryExists);

    internal override Draft Plan(PackContext context)
    {
        var settings = Settings(context);
        var (root, reason) = Root(context, settings);
        var draft = new Draft
        {
            BuildImage = "base", RunImage = "static", Port = UsualPort, User = "www-data:www-data", Directory = "/srv/www", StartsItself = true, Publish = root,
            StartReason = $"a web server for {(root.Length > 0 ? root + "/" : "the whole source")} ({reason})",
        };
        if (PackContext.IsTrue(settings.GetValueOrDefault("index_fallback")) || settings.GetValueOrDefault("pushstate") == "enabled")
        {
            draft.Variables["SPA"] = "1";
        }

        if (settings.GetValueOrDefault("directory") is "visible" or "on" or "true")
        {
            draft.Variables["AUTOINDEX"] = "1";
        }

        if (context.Source.FileExists("Staticfile.auth"))
        {
            context.Warn("Staticfile.auth is not used: set basic authentication for the application's domain instead");
        }

        draft.Ignored.AddRange(["Staticfile", "Staticfile.auth", ".gitignore", ".dockerignore", "node_modules", "**/.env", "nixpacks.toml"]);
        return draft;
    }

    private (string Root, string Reason) Root(PackContext context, Dictionary<string, string> settings)
    {
        var asked = Publish is { Length: > 0 } ? (Publish, "publish directory")
            : context.Setting("STATICFILE_ROOT") is { } setting ? (setting, context.SettingName("STATICFILE_ROOT"))
            : settings.TryGetValue("root", out var root) ? (root, "Staticfile") : default;
        if (asked != default)
        {
            var path = Sources.SourceTree.Clean(asked.Item1) ?? throw new PackException($"The directory \"{asked.Item1}\" lies outside of the source");
            return path.Length == 0 || context.Source.DirectoryExists(path) ? (path, asked.Item2)
                : throw new PackException($"The directory \"{asked.Item1}\" does not exist in the source ({asked.Item2})");
        }

        var found = new[] { "public", "dist", "index" }.FirstOrDefault(context.Source.DirectoryExists);
        return found is null || (context.Source.FileExists("index.html") && !context.Source.FileExists(found + "/index.html")) ? ("", "index.html") : (found, $"{found}/");
    }

    /// <summary>Lines of a Staticfile, <c>key: value</c>.</summary>
    private static Dictionary<string, string> Settings(PackContext context)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in (context.Source.Text("Staticfile") ?? "").Split('\n'))
        {
            var parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
            if (parts.Length == 2 && parts[0].Length > 0 && parts[0][0] != '#')
            {
                settings[parts[0]] = parts[1].Trim('"', '\'');
            }
        }

        return settings;
    }
}
