namespace Slipway.Packs.Configuration;

/// <summary>Debian packages for the names that Nix has for them.</summary>
internal static class NixNames
{
    private static readonly Dictionary<string, string[]> s_known = new(StringComparer.Ordinal)
    {
        ["nodejs"] = ["nodejs"], ["python3"] = ["python3", "python3-venv"], ["go"] = ["golang-go"], ["jdk"] = ["default-jdk-headless"], ["openjdk"] = ["default-jdk-headless"],
        ["php"] = ["php-cli"], ["ruby"] = ["ruby"], ["rustc"] = ["rustc"], ["cargo"] = ["cargo"], ["yarn"] = ["yarnpkg"], ["maven"] = ["maven"],
        ["ffmpeg"] = ["ffmpeg"], ["ffmpeg-headless"] = ["ffmpeg"], ["imagemagick"] = ["imagemagick"], ["poppler_utils"] = ["poppler-utils"], ["ghostscript"] = ["ghostscript"],
        ["openssl"] = ["openssl", "libssl-dev"], ["zlib"] = ["zlib1g-dev"], ["postgresql"] = ["postgresql-client", "libpq-dev"], ["libpq"] = ["libpq-dev"],
        ["libmysqlclient"] = ["default-libmysqlclient-dev"], ["stdenv.cc.cc.lib"] = ["libstdc++6", "libgomp1"], ["gcc-unwrapped"] = ["libstdc++6", "libgomp1"],
        ["gcc"] = ["gcc", "g++"], ["gnumake"] = ["make"], ["cmake"] = ["cmake"], ["libuuid"] = ["libuuid1"], ["libGL"] = ["libgl1"], ["glib"] = ["libglib2.0-0"],
        ["cairo"] = ["libcairo2"], ["pango"] = ["libpango-1.0-0"], ["chromium"] = ["chromium"], ["which"] = ["debianutils"], ["tesseract"] = ["tesseract-ocr"],
        ["libreoffice"] = ["libreoffice-nogui"], ["graphviz"] = ["graphviz"], ["sqlite"] = ["sqlite3"], ["redis"] = ["redis-tools"], ["mysql80"] = ["default-mysql-client"],
    };

    /// <exception cref="PackException">A name is an expression of Nix.</exception>
    internal static IEnumerable<string> Packages(IEnumerable<string> names, string origin) =>
        names.Where(n => n is not ("..." or "@auto" or "")).SelectMany(n => Package(n, origin)).Distinct();

    private static string[] Package(string name, string origin)
    {
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+'))
        {
            throw new PackException($"The Nix expression \"{name}\" in {origin} is not supported; name Debian packages in aptPkgs instead");
        }

        var plain = name.EndsWith(".dev", StringComparison.Ordinal) ? name[..^4] : name;
        if (s_known.TryGetValue(plain, out var known))
        {
            return known;
        }

        // nodejs_22, python311, jdk17, go_1_22, php83, npm-9_x: the language's own version is decided by its provider.
        var stem = plain.TrimEnd("0123456789_.x-".ToCharArray());
        return s_known.TryGetValue(stem, out var versioned) ? versioned : stem is "npm" or "pnpm" or "corepack" ? ["npm"] : [plain.ToLowerInvariant()];
    }
}
