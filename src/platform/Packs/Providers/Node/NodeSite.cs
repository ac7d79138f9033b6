using System.Text.RegularExpressions;

namespace Slipway.Packs.Providers.Node;

/// <summary>Front-end projects whose build makes a static site.</summary>
/// <param name="Directory">What the build makes.</param>
/// <param name="SinglePage">Unknown paths get <c>index.html</c>.</param>
/// <param name="Framework">What was recognised.</param>
internal sealed partial record NodeSite(string Directory, bool SinglePage, Choice Framework)
{
    private static readonly string[] s_developmentServers = ["vite", "react-scripts start", "ng serve", "astro", "expo start", "parcel", "vue-cli-service serve", "gatsby develop", "docusaurus start", "npm run dev", "yarn dev", "pnpm dev", "eleventy --serve"];

    /// <summary>The site; null when the application has a server of its own.</summary>
    internal static NodeSite? Of(NodePackage package)
    {
        var context = package.Context;
        var start = package.Script("start");
        var ownServer = start is not null && !s_developmentServers.Any(s => start == s || start.StartsWith(s + " ", StringComparison.Ordinal));
        if (PackContext.IsFalse(context.Setting("SPA_CADDY")) || ownServer)
        {
            return null;
        }

        var directory = context.Setting("SPA_OUT_DIR");
        var site = Vite(package) ?? Other(package);
        return directory is null ? site
            : site is not null ? site with { Directory = directory } : new NodeSite(directory, true, new Choice("static", context.SettingName("SPA_OUT_DIR")));
    }

    private static NodeSite? Vite(NodePackage package)
    {
        var config = package.Context.Source.FirstFile("vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts");
        var build = package.Script("build") ?? "";
        var shows = package.DependsOnAny("vue", "preact", "lit", "solid-js", "@builder.io/qwik")
            || (package.Depends("react") && !package.DependsOnAny("@remix-run/react", "@react-router/node"))
            || (package.Depends("svelte") && !package.Depends("@sveltejs/kit"));
        var vite = package.Depends("vite") || config is not null || build.Contains("vite build", StringComparison.Ordinal);
        if (!vite || package.DependsOnAny("vitepress", "astro", "nuxt") || !(shows || package.Context.Setting("SPA_OUT_DIR") is not null || Plain(package)))
        {
            return null;
        }

        var text = config is null ? "" : package.Context.Source.Text(config) ?? "";
        var directory = OutDirectory().Match(text) is { Success: true } inConfig ? inConfig.Groups[1].Value
            : OutOption().Match(build) is { Success: true } inScript ? inScript.Groups[1].Value : "dist";
        return new NodeSite(directory, true, new Choice("Vite", config ?? "package.json"));
    }

    /// <summary>Vite without a framework: a page in the root, and nothing that could serve.</summary>
    private static bool Plain(NodePackage package) => package.Context.Source.FileExists("index.html") && package.Script("start") is null && package.Document.Text("main") is null;

    private static NodeSite? Other(NodePackage package)
    {
        var source = package.Context.Source;
        bool Says(string pattern, Regex wanted) => source.Containing(pattern, wanted.IsMatch) is not null;
        NodeSite Made(string directory, bool single, string name, string file = "package.json") => new(directory, single, new Choice(name, file));
        return package.Depends("react-scripts") ? Made("build", true, "Create React App")
            : source.FileExists("angular.json") ? Made(Angular(package), true, "Angular", "angular.json")
            : package.Depends("astro") && !Says("astro.config.*", ServerOutput()) ? Made("dist", false, "Astro")
            : package.Depends("next") && Says("next.config.*", ExportOutput()) ? Made("out", false, "Next.js (static export)", "next.config")
            : package.Depends("gatsby") ? Made("public", false, "Gatsby")
            : package.Depends("@docusaurus/core") ? Made("build", false, "Docusaurus")
            : package.Depends("vitepress") ? Made(Pages(source, ".vitepress") + ".vitepress/dist", false, "VitePress")
            : package.Depends("vuepress") ? Made(Pages(source, ".vuepress") + ".vuepress/dist", false, "VuePress")
            : package.Depends("@11ty/eleventy") ? Made("_site", false, "Eleventy")
            : package.Depends("expo") && package.Depends("react-native-web") ? Made("dist", true, "Expo")
            : null;
    }

    private static string Pages(Sources.SourceTree source, string directory) => source.DirectoryExists("docs/" + directory) ? "docs/" : "";

    private static string Angular(NodePackage package)
    {
        var projects = package.Context.Document("angular.json")?.At("projects") as Toml.TomlTable ?? [];
        var (name, project) = projects.FirstOrDefault();
        var target = (project as Toml.TomlTable)?.At("architect", "build") as Toml.TomlTable;
        var path = target?.Text("options", "outputPath") ?? target?.Text("options", "outputPath", "base") ?? $"dist/{name}";
        return target?.Text("builder")?.EndsWith(":application", StringComparison.Ordinal) == true ? path + "/browser" : path;
    }

    [GeneratedRegex("""outDir:\s*['"`]([^'"`]+)['"`]""")]
    private static partial Regex OutDirectory();

    [GeneratedRegex("""--outDir[= ]([^\s]+)""")]
    private static partial Regex OutOption();

    [GeneratedRegex("""output:\s*['"](server|hybrid)['"]""")]
    private static partial Regex ServerOutput();

    [GeneratedRegex("""output['"]?\s*:\s*['"]export['"]""")]
    private static partial Regex ExportOutput();
}
