using Slipway.Packs.Configuration;

namespace Slipway.Packs.Providers.Node;

/// <summary>Node with npm, yarn or pnpm: servers, frameworks, and front ends that become static sites.</summary>
internal sealed class NodeProvider : Provider
{
    private const string DownloadedDirectory = "/opt/node";

    /// <summary>Where npm puts yarn and pnpm.</summary>
    private static readonly string[] s_managers = ["/usr/local/bin", "/usr/local/lib"];

    internal override string Name => "node";

    internal override string? Detect(PackContext context) => context.Source.FirstFile("package.json");

    internal override Draft Plan(PackContext context)
    {
        var package = new NodePackage(context);
        var runtime = NodeRuntime.Decide(package);
        var manager = PackageManager.Of(package);
        var draft = Toolchain(package, runtime, manager);
        Install(draft, package, manager);
        var starts = new NodeStart(package, manager);
        var site = NodeSite.Of(package);
        var build = starts.Build();
        if (build is var (command, _))
        {
            draft.Phase("build").Commands.Add(command);
            draft.Phase("build").Caches.AddRange(Caches(package));
        }

        draft.Ignored.AddRange(["node_modules", "**/node_modules", ".next", "npm-debug.log*"]);
        draft.StartHelp = "Add a \"start\" script or a \"main\" entry to package.json, or an index.js; for a static site set NIXPACKS_SPA_OUT_DIR to the directory that the build makes.";
        if (site is not null && build is not null)
        {
            Site(draft, site);
            return draft;
        }

        Server(draft, package, starts, runtime, manager);
        return draft;
    }

    private static Draft Toolchain(NodePackage package, NodeRuntime runtime, PackageManager manager)
    {
        var draft = new Draft { BuildImage = "node", RunImage = "node-runtime", ToolPackages = ["nodejs", "npm"], InstallPrefixes = ["NPM_", "NODE_", "YARN_", "PNPM_"] };
        var setup = draft.Phase("setup");
        draft.Tools.Add(runtime.Choice);
        draft.Tools.Add(manager.Choice(runtime.Major));
        NodeLibraries.AddTo(draft, package);
        setup.Files = [];
        setup.Caches.Add("/root/.npm");
        if (runtime.Download is { } version)
        {
            setup.Commands.Add($"npm install --global --prefix {DownloadedDirectory} \"node-linux-$(dpkg --print-architecture | sed s/amd64/x64/)@{version}\""
                + $" && ln -sf {DownloadedDirectory}/lib/node_modules/node-linux-*/bin/node {NodeRuntime.Fetched}");
            // By the new Node: npm refuses one that it is too new for.
            setup.Commands.Add($"node /usr/bin/npm install --global --prefix {DownloadedDirectory} npm@{PackageManager.Bundled(runtime.Major)}");
            setup.Paths.Add(DownloadedDirectory + "/bin");
        }

        if (manager.Setup(runtime.Major) is { } own)
        {
            setup.Commands.Add(own);
        }

        foreach (var (name, value) in ((string, string)[])[("NODE_ENV", "production"), ("NPM_CONFIG_UPDATE_NOTIFIER", "false"), ("NPM_CONFIG_FUND", "false"), ("NEXT_TELEMETRY_DISABLED", "1")])
        {
            draft.Variables[name] = value;
        }

        // Building needs the dependencies for development although NODE_ENV is production.
        foreach (var (name, value) in ((string, string)[])[("CI", "true"), .. manager.Development])
        {
            draft.BuildVariables[name] = value;
        }

        return draft;
    }

    private static void Install(Draft draft, NodePackage package, PackageManager manager)
    {
        var install = draft.Phase("install");
        install.Commands.Add(manager.Install);
        install.Caches.Add(manager.Cache);
        install.Paths.Add("/app/node_modules/.bin");
        install.Files = package.InstallHook is null ? package.Manifests() : null;
        draft.Dependencies.Add("/app/node_modules");
        if (package.HasDependencies && !manager.HasLock)
        {
            package.Context.Warn($"there is no lock file of {manager.Name}: versions of dependencies may differ from build to build");
        }
    }

    private static void Site(Draft draft, NodeSite site)
    {
        draft.Framework = site.Framework;
        draft.Serve(site.Directory, site.SinglePage);
        draft.BuildVariables["NODE_ENV"] = "production";
        draft.StartReason = $"{site.Framework.Name} makes a static site in {site.Directory}";
    }

    private static void Server(Draft draft, NodePackage package, NodeStart starts, NodeRuntime runtime, PackageManager manager)
    {
        if (package.Depends("next"))
        {
            Next(draft, package);
        }

        if (draft.Start is null && starts.Start() is var (command, reason))
        {
            (draft.Start, draft.StartReason) = (command, reason);
        }

        if (manager.Prune is { } prune && Prunable(package, draft, starts))
        {
            draft.Prune.Add(prune);
        }

        draft.Finish = (final, start) => Runtime(final, starts, start, runtime, manager);
    }

    private static void Next(Draft draft, NodePackage package)
    {
        draft.Framework = new Choice("Next.js", "package.json");
        draft.Variables["HOSTNAME"] = "0.0.0.0";
        if (package.Context.Source.Containing("next.config.*", t => t.Contains("'standalone'", StringComparison.Ordinal) || t.Contains("\"standalone\"", StringComparison.Ordinal)) is not { } file)
        {
            return;
        }

        draft.Outputs = [new("/app/.next/standalone", "/app"), new("/app/.next/static", "/app/.next/static")];
        if (package.Context.Source.DirectoryExists("public"))
        {
            draft.Outputs.Add(new("/app/public", "/app/public"));
        }

        (draft.Start, draft.StartReason) = ("node server.js", file + " output: standalone");
    }

    /// <summary>What the image needs to run the final start command: Node alone where that is enough.</summary>
    private static void Runtime(Draft draft, NodeStart starts, string? start, NodeRuntime runtime, PackageManager manager)
    {
        draft.Resolved = start is null ? null : starts.Resolve(start);
        draft.Processes = draft.Processes.ToDictionary(p => p.Key, p => starts.Resolve(p.Value) ?? p.Value, StringComparer.Ordinal);
        if (draft.Processes.Values.Append(draft.Resolved ?? start ?? "").Any(NodeStart.UsesManager))
        {
            draft.RunImage = runtime.Download is null ? "node" : "base";
            string[] places = draft.Phase("setup").Commands.Count == 0 ? [] : runtime.Download is null ? s_managers : [.. s_managers, DownloadedDirectory];
            draft.RunTools.AddRange(places.Select(p => new Copied(p, p)));
        }
        else if (runtime.Download is not null)
        {
            draft.RunImage = "base";
            draft.RunTools.Add(new Copied(NodeRuntime.Fetched, "/usr/local/bin/node"));
        }
    }

    private static bool Prunable(NodePackage package, Draft draft, NodeStart starts)
    {
        if (!package.HasDevelopmentDependencies || PackContext.IsFalse(package.Context.Setting("PRUNE_DEPS")) || draft.Start is null || draft.Outputs is not null)
        {
            return false;
        }

        string[] commands = [.. Procfile.Read(package.Context.Source).Values.Prepend(draft.Start).Select(command => starts.Resolve(command) ?? command)];
        var words = commands.SelectMany(command => command.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries));
        if (words.FirstOrDefault(w => package.Development(w) && !package.Production(w)) is { } tool)
        {
            package.Context.Warn($"a command of the image uses \"{tool}\", a dependency for development, so all of those stay in the image");
            return false;
        }

        return !commands.Any(NodeStart.UsesManager);
    }

    private static IEnumerable<string> Caches(NodePackage package)
    {
        var source = package.Context.Source;
        yield return "node_modules/.cache";
        foreach (var file in source.Matching("*package.json").Where(f => package.Context.Document(f)?.At("dependencies", "next") is not null))
        {
            yield return file[..^"package.json".Length] + ".next/cache";
        }

        foreach (var directory in (package.Document.At("cacheDirectories") as List<object> ?? []).OfType<string>())
        {
            yield return directory;
        }
    }
}
