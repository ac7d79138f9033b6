using Slipway.Packs.Providers.Node;
using Slipway.Packs.Versions;
using Slipway.Toml;

namespace Slipway.Packs.Providers.Php;

/// <summary>PHP behind nginx: plain scripts, Composer, Laravel, Symfony, WordPress.</summary>
internal sealed class PhpProvider : Provider
{
    private static readonly string[] s_included = ["json", "zend-opcache", "core", "ctype", "curl", "date", "dom", "exif", "ffi", "fileinfo", "filter", "ftp", "gettext", "hash", "iconv", "libxml",
        "mbstring", "mysqli", "mysqlnd", "openssl", "pcre", "pdo", "pdo_mysql", "pdo_pgsql", "pdo_sqlite", "pgsql", "phar", "posix", "readline", "session", "simplexml", "sockets", "sodium", "spl",
        "sqlite3", "standard", "sysvmsg", "sysvsem", "sysvshm", "tokenizer", "xml", "xmlreader", "xmlwriter", "xsl", "zlib", "opcache", "calendar", "pcntl"];
    private static readonly string[] s_packaged = ["amqp", "apcu", "ast", "bcmath", "bz2", "dba", "ds", "enchant", "gd", "gmagick", "gmp", "gnupg", "grpc", "igbinary", "imagick", "imap", "interbase", "intl", "ldap",
        "mailparse", "maxminddb", "memcache", "memcached", "mongodb", "msgpack", "oauth", "odbc", "pcov", "ps", "psr", "raphf", "redis", "rrd", "smbclient", "snmp", "soap", "solr", "ssh2", "stomp", "tidy", "uopz", "uuid",
        "vips", "xdebug", "xmlrpc", "yac", "yaml", "zip", "zmq"];

    internal override string Name => "php";

    internal override string? Detect(PackContext context) => context.Source.FirstFile("composer.json", "index.php") ?? (context.Source.FileExists("public/index.php") ? "public/index.php" : null);

    internal override Draft Plan(PackContext context)
    {
        var composer = context.Document("composer.json");
        var draft = new Draft
        {
            BuildImage = "php", RunImage = "php", Directory = "/srv/www", User = "www-data:www-data", StartsItself = true, Port = Static.StaticProvider.UsualPort,
            InstallPrefixes = ["COMPOSER_"], ToolPackages = ["php-cli"],
        };
        draft.Tools.Add(Version(context, composer));
        Extensions(draft, context, composer);
        if (composer is not null)
        {
            Composer(draft, context, composer);
        }

        if (context.Source.FileExists("package.json"))
        {
            Assets(draft, context);
        }

        Site(draft, context, composer);
        draft.Ignored.AddRange(["vendor", "**/.env"]);
        return draft;
    }

    private static void Composer(Draft draft, PackContext context, TomlTable composer)
    {
        draft.Phase("setup").Packages.AddRange(["composer", "unzip", "git"]);
        var install = draft.Phase("install");
        install.Commands.Add("composer install --ignore-platform-reqs --no-dev --optimize-autoloader --no-interaction");
        install.Caches.Add("/root/.cache/composer");
        // Scripts and autoloading read the application itself.
        install.Files = composer.At("scripts") is null && composer.At("autoload", "classmap") is null && composer.At("autoload", "files") is null && composer.At("repositories") is null
            ? [.. new[] { "composer.json", "composer.lock", "auth.json" }.Where(context.Source.FileExists)] : null;
        draft.BuildVariables["COMPOSER_ALLOW_SUPERUSER"] = "1";
        draft.Tools.Add(new ToolChoice("composer", "", context.Stack.Version("composer"), "composer.json"));
        // The autoloader has absolute places, so dependencies are installed where the site will be.
        draft.Outputs = draft.Everything();
        if (!context.Source.FileExists("composer.lock"))
        {
            context.Warn("there is no composer.lock: versions of dependencies may differ from build to build");
        }
    }

    /// <summary>The front end that npm, yarn or pnpm makes.</summary>
    private static void Assets(Draft draft, PackContext context)
    {
        var package = new NodePackage(context);
        var script = new[] { "prod", "build" }.FirstOrDefault(s => package.Script(s) is not null);
        if (script is null)
        {
            return;
        }

        var node = new NodeProvider().Plan(context);
        node.Phases.RemoveAll(p => p.Name == "build");
        node.Variables.Clear();
        SecondLanguage.Add(draft, node, "node", runs: false);
        draft.Dependencies.Remove("/app/node_modules");
        draft.Phase("build").Commands.Add(PackageManager.Of(package).Run(script));
        draft.Outputs = draft.Everything();
        draft.Prune.Add("rm -rf node_modules");
    }

    private static void Site(Draft draft, PackContext context, TomlTable? composer)
    {
        var laravel = context.Source.FileExists("artisan");
        var symfony = composer?.At("require", "symfony/framework-bundle") is not null;
        var wordpress = context.Source.FirstFile("wp-config.php", "wp-load.php");
        draft.Framework = laravel ? new Choice("Laravel", "artisan") : symfony ? new Choice("Symfony", "composer.json") : wordpress is not null ? new Choice("WordPress", wordpress) : null;
        var root = Root(context.Setting("PHP_ROOT_DIR"))
            ?? (laravel || symfony || (context.Source.FileExists("public/index.php") && !context.Source.FileExists("index.php")) ? "/srv/www/public" : "/srv/www");
        draft.Variables["PHP_ROOT_DIR"] = root;
        if (context.Setting("PHP_FALLBACK_PATH") is { } fallback)
        {
            draft.Variables["PHP_FALLBACK_PATH"] = fallback;
        }

        if (laravel)
        {
            draft.Variables["IS_LARAVEL"] = "yes";
            draft.Phase("build").Commands.Add("mkdir -p storage/framework/{cache,sessions,views} storage/logs bootstrap/cache && php artisan storage:link && php artisan view:cache && php artisan event:cache");
            draft.Outputs = draft.Everything();
            context.Warn("Laravel needs the variable APP_KEY when it runs");
        }

        draft.StartReason = $"nginx and PHP-FPM for {root} ({draft.Framework?.Reason ?? "index.php"})";
    }

    /// <summary>A document root below <c>/app</c>, as Nixpacks writes it, where ours is.</summary>
    private static string? Root(string? asked) =>
        asked is null ? null : asked == "/app" ? "/srv/www" : asked.StartsWith("/app/", StringComparison.Ordinal) ? "/srv/www/" + asked[5..] : asked.StartsWith('/') ? asked : "/srv/www/" + asked;

    private static void Extensions(Draft draft, PackContext context, TomlTable? composer)
    {
        var asked = (composer?.At("require") as TomlTable ?? []).Keys.Where(k => k.StartsWith("ext-", StringComparison.Ordinal)).Select(k => (Name: k[4..], Reason: "composer.json"))
            .Concat((context.Setting("PHP_EXTENSIONS") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(n => (Name: n, Reason: context.SettingName("PHP_EXTENSIONS"))))
            .Concat(context.Source.FileExists("artisan") ? new[] { "bcmath", "redis", "zip", "gd", "intl" }.Select(n => (Name: n, Reason: "artisan")) : []);
        var setup = draft.Phase("setup");
        foreach (var (name, reason) in asked.Where(a => !s_included.Contains(a.Name.ToLowerInvariant())))
        {
            if (!s_packaged.Contains(name.ToLowerInvariant()))
            {
                throw new PackException($"The PHP extension \"{name}\" ({reason}) is not available. Available: {string.Join(", ", s_packaged)}");
            }

            setup.Packages.Add("php-" + name.ToLowerInvariant());
            setup.RunPackages.Add("php-" + name.ToLowerInvariant());
        }
    }

    private static ToolChoice Version(PackContext context, TomlTable? composer)
    {
        var (requested, reason) = context.Setting("PHP_VERSION") is { } setting ? (setting, context.SettingName("PHP_VERSION"))
            : composer?.Text("require", "php") is { } constraint ? (constraint, "composer.json require.php") : ("", "nothing asks for a version");
        if (requested.Length > 0 && SemanticRange.Parse(requested) is { } range)
        {
            // Debian's version has no number of patches here: any of the minor version will do.
            context.Stack = Stack.With("php", v => range.Accepts(v) || range.Accepts(v with { Patch = 99 })) ?? throw Stack.Missing("php", requested, reason);
        }
        else if (requested.Length > 0)
        {
            context.Warn($"\"{requested}\" in {reason} is no version of PHP; the usual one is used");
        }

        return new ToolChoice("php", requested, context.Stack.Version("php"), reason);
    }
}
