namespace Slipway.Packs.Providers.Node;

/// <summary>Debian packages that npm packages with native parts need.</summary>
internal static class NodeLibraries
{
    private static readonly (string[] Names, string[] Build, string[] Run)[] s_known =
    [
        (["prisma", "@prisma/client"], ["openssl"], ["openssl"]),
        (["canvas"], ["python3", "make", "g++", "pkg-config", "libcairo2-dev", "libpango1.0-dev", "libjpeg-dev", "libgif-dev", "librsvg2-dev"],
            ["libcairo2", "libpango-1.0-0", "libpangocairo-1.0-0", "libjpeg62-turbo", "libgif7", "librsvg2-2"]),
        (["bcrypt", "sqlite3", "better-sqlite3", "node-gyp", "node-pty", "argon2"], ["python3", "make", "g++"], []),
        (["puppeteer"], ["chromium"], ["chromium"]),
    ];

    internal static void AddTo(Draft draft, NodePackage package)
    {
        var setup = draft.Phase("setup");
        foreach (var (_, build, run) in s_known.Where(k => package.DependsOnAny(k.Names)))
        {
            setup.Packages.AddRange(build.Except(setup.Packages));
            setup.RunPackages.AddRange(run.Except(setup.RunPackages));
        }

        if (package.Depends("puppeteer"))
        {
            draft.Variables["PUPPETEER_EXECUTABLE_PATH"] = "/usr/bin/chromium";
            draft.Variables["PUPPETEER_SKIP_DOWNLOAD"] = "1";
        }

        if (PackContext.IsTrue(package.Context.Setting("PLAYWRIGHT")))
        {
            setup.Packages.Add("chromium");
            setup.RunPackages.Add("chromium");
        }
    }
}
