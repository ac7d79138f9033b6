using System.Text.RegularExpressions;

namespace Slipway.Packs;

/// <summary>What usually helps when a build fails as this one did.</summary>
public static partial class BuildDiagnosis
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Python.h"] = "python3-dev", ["libpq-fe.h"] = "libpq-dev", ["mysql.h"] = "default-libmysqlclient-dev", ["ffi.h"] = "libffi-dev", ["openssl/ssl.h"] = "libssl-dev", ["zlib.h"] = "zlib1g-dev",
        ["jpeglib.h"] = "libjpeg-dev", ["libxml/xmlversion.h"] = "libxml2-dev", ["libxslt/xsltconfig.h"] = "libxslt1-dev", ["sqlite3.h"] = "libsqlite3-dev", ["yaml.h"] = "libyaml-dev", ["ruby.h"] = "ruby-dev",
        ["sql.h"] = "unixodbc-dev", ["cairo.h"] = "libcairo2-dev", ["curl/curl.h"] = "libcurl4-openssl-dev", ["ldap.h"] = "libldap-dev", ["magic.h"] = "libmagic-dev",
    };

    /// <summary>The rules, the more telling ones first.</summary>
    private static readonly (Regex Sign, Func<Match, string> Advice)[] s_rules =
    [
        (Memory(), _ => "The build ran out of memory: give builds on this server more, or have this one need less."),
        (Authority(), _ => "An authority is not trusted: start slipway-server with --build-ca FILE, the certificates (PEM) of the proxy or index in between."),
        (NpmLock(), _ => "package-lock.json does not fit package.json: run \"npm install\" and commit both."),
        (PnpmLock(), _ => "pnpm-lock.yaml does not fit package.json: run \"pnpm install\" and commit both."),
        (YarnLock(), _ => "yarn.lock does not fit package.json: run \"yarn install\" and commit both."),
        (Header(), match => $"A header of C is missing: add {s_headers.GetValueOrDefault(match.Groups[1].Value, "the Debian package that has it")} to NIXPACKS_APT_PKGS, or to aptPkgs in nixpacks.toml."),
        (PgConfig(), _ => "pg_config is missing: add libpq-dev to NIXPACKS_APT_PKGS, or use psycopg2-binary."),
        (Compiler(), _ => "A compiler is missing: add build-essential to NIXPACKS_APT_PKGS, or to aptPkgs in nixpacks.toml."),
        (Glibc(), match => $"Something was built for a newer system ({match.Value}): ask for a newer version of the language, whose image is Debian 13, or build it here."),
        (Busy(), _ => "A directory that is kept between builds cannot be removed: set NIXPACKS_NO_CACHE=1, or do not remove it."),
        (NodeModule(), match => $"\"{match.Groups[1].Value}\" is not installed: add it to the dependencies in package.json; mind upper and lower case in paths of your own."),
        (PythonModule(), match => $"\"{match.Groups[1].Value}\" is not installed: add it to the dependencies."),
        (TypeScript(), _ => "The types do not fit: \"npx tsc --noEmit\" shows the same errors on your machine."),
        (GradleDownload(), _ => "Gradle's wrapper could not fetch Gradle: let distributionUrl in gradle/wrapper/gradle-wrapper.properties name a place that builds reach, or use a Dockerfile."),
        (Unreachable(), _ => "A host could not be reached from the build: check the network of the server and its proxies. Without the Internet, name an index of your own in a variable for builds: NPM_CONFIG_REGISTRY, PIP_INDEX_URL, UV_DEFAULT_INDEX, PDM_PYPI_URL, BUNDLE_MIRROR__ALL, COMPOSER_REPO_PACKAGIST, GOPROXY."),
        (PythonPackage(), match => $"The package index does not have \"{match.Groups[1].Value}\" for this version of Python: check its name, the version, and PIP_INDEX_URL."),
    ];

    /// <summary>Advice for what a failed build said; null when nothing is recognised.</summary>
    /// <param name="output">The error and the last lines of output.</param>
    public static string? Of(string output)
    {
        foreach (var (sign, advice) in s_rules)
        {
            if (sign.Match(output) is { Success: true } match)
            {
                return advice(match);
            }
        }

        return null;
    }

    [GeneratedRegex("JavaScript heap out of memory|java\\.lang\\.OutOfMemoryError|Cannot allocate memory|exit code:? 137|returned a non-zero code: 137|signal: killed")]
    private static partial Regex Memory();

    [GeneratedRegex("SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERTIFICATE_VERIFY_FAILED|certificate verify failed|signed by unknown authority|PKIX path building failed|self-signed certificate")]
    private static partial Regex Authority();

    [GeneratedRegex("npm ci.{0,80}can only install packages when")]
    private static partial Regex NpmLock();

    [GeneratedRegex("ERR_PNPM_OUTDATED_LOCKFILE")]
    private static partial Regex PnpmLock();

    [GeneratedRegex("YN0028|Your lockfile needs to be updated")]
    private static partial Regex YarnLock();

    [GeneratedRegex(@"fatal error: ([\w./+-]{1,80}\.h): No such file")]
    private static partial Regex Header();

    [GeneratedRegex("pg_config executable not found")]
    private static partial Regex PgConfig();

    [GeneratedRegex(@"(?:gcc|cc|g\+\+|make): (?:command )?not found|unable to execute '\S*gcc|not found: make|No working compiler|command 'gcc' failed: No such file")]
    private static partial Regex Compiler();

    [GeneratedRegex(@"version `GLIBC(?:XX)?_[\d.]{1,12}' not found")]
    private static partial Regex Glibc();

    [GeneratedRegex("EBUSY: resource busy|Device or resource busy")]
    private static partial Regex Busy();

    [GeneratedRegex(@"Cannot find (?:module|package) '([^'\n]{1,200})'")]
    private static partial Regex NodeModule();

    [GeneratedRegex(@"ModuleNotFoundError: No module named '([\w.]{1,200})'")]
    private static partial Regex PythonModule();

    [GeneratedRegex(@"error TS\d{4,5}:")]
    private static partial Regex TypeScript();

    [GeneratedRegex(@"No matching distribution found for ([^\s(]{1,100})")]
    private static partial Regex PythonPackage();

    [GeneratedRegex(@"Downloading https?://\S{1,200}/gradle-[\w.-]{1,40}\.zip[\s\S]{0,400}(?:UnknownHostException|ConnectException|SocketTimeoutException|Server returned HTTP response code)")]
    private static partial Regex GradleDownload();

    [GeneratedRegex("EAI_AGAIN|ETIMEDOUT|ENOTFOUND|ECONNREFUSED|Temporary failure in name resolution|Name or service not known|Could not reach host|Could not resolve host|UnknownHostException|Unknown host |dns error|no such host|Network is unreachable|Connection refused")]
    private static partial Regex Unreachable();
}
