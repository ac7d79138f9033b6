using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Platform.Model;

namespace Slipway.Platform.Proxy;

/// <summary>An application as the proxy sees it.</summary>
/// <param name="Id">Identity: name of the directory with its target.</param>
/// <param name="Name">Its name.</param>
/// <param name="Domains">Where it answers.</param>
internal sealed record RoutedApp(string Id, string Name, IReadOnlyList<Domain> Domains);

/// <summary>
/// The whole configuration of a proxy, as Caddy's JSON (https://caddyserver.com/docs/json/). Pure: the same applications give the same text.
/// It says nothing of containers: those are looked up at each request (see <see cref="Targets"/>), because every change of the document makes
/// Caddy start all its servers anew, which ends idle connections and websockets of all applications.
/// </summary>
internal static class RouteDocument
{
    /// <summary>Identity of the route that carries the revision.</summary>
    internal const string RevisionId = "slipway-revision";

    /// <summary>Writes the document.</summary>
    /// <param name="apps">Applications.</param>
    /// <param name="httpsPort">Public port of HTTPS.</param>
    /// <param name="acme">The issuer of ACME certificates; null for the usual ones.</param>
    internal static (string Json, string Revision) Write(IReadOnlyList<RoutedApp> apps, int httpsPort, JsonObject? acme = null)
    {
        var sites = apps.SelectMany(app => app.Domains.Select(domain => (App: app, Domain: domain)))
            .OrderBy(site => site.Domain.Host.StartsWith('*')).ThenByDescending(site => site.Domain.Path.Length)
            .ThenBy(site => site.Domain.Host, StringComparer.Ordinal).ThenBy(site => site.App.Name, StringComparer.Ordinal).ToList();
        var document = Document(sites, httpsPort, acme, "");
        var revision = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document.ToJsonString())))[..32];
        return (Document(sites, httpsPort, acme, revision).ToJsonString(), revision);
    }

    private static JsonObject Document(List<(RoutedApp App, Domain Domain)> sites, int httpsPort, JsonObject? acme, string revision)
    {
        JsonArray plain = [Revision(revision)];
        JsonArray secure = [];
        foreach (var (app, domain) in sites)
        {
            if (domain.Tls == "none")
            {
                plain.Add((JsonNode)Route(domain, Handlers(app, domain)));
            }
            else
            {
                var port = httpsPort == 443 ? "" : $":{httpsPort}";
                plain.Add((JsonNode)Route(domain, [Redirect($"https://{{http.request.host}}{port}{{http.request.uri}}")]));
                secure.Add((JsonNode)Route(domain, Handlers(app, domain)));
            }
        }

        plain.Add((JsonNode)Answer(404, "No application answers at this address.\n"));
        var servers = new JsonObject { ["plain"] = HttpServer(":80", plain, secure: false) };
        if (secure.Count > 0)
        {
            secure.Add((JsonNode)Answer(404, "No application answers at this address.\n"));
            servers["secure"] = HttpServer(":443", secure, secure: true);
        }

        return new JsonObject
        {
            ["admin"] = new JsonObject { ["listen"] = "127.0.0.1:2019" },
            ["logging"] = Logging(),
            ["apps"] = new JsonObject
            {
                ["http"] = new JsonObject { ["servers"] = servers },
                ["tls"] = new JsonObject { ["automation"] = new JsonObject { ["policies"] = Policies(sites, acme) } },
            },
        };
    }

    private static JsonObject HttpServer(string address, JsonArray routes, bool secure) => new()
    {
        ["listen"] = new JsonArray(address),
        ["routes"] = routes,
        ["automatic_https"] = secure ? new JsonObject { ["disable_redirects"] = true } : new JsonObject { ["disable"] = true },
        ["logs"] = new JsonObject(),
    };

    // A route that no request can match: it tells which document is loaded.
    private static JsonObject Revision(string revision) => new()
    {
        ["@id"] = RevisionId,
        ["match"] = new JsonArray(new JsonObject { ["host"] = new JsonArray($"{revision}.revision.invalid"), ["method"] = new JsonArray("NONE") }),
        ["terminal"] = true,
    };

    private static JsonObject Route(Domain domain, JsonArray handlers)
    {
        var match = new JsonObject { ["host"] = new JsonArray(domain.Host) };
        if (domain.Path != "/")
        {
            match["path"] = new JsonArray(domain.Path, domain.Path + "/*");
        }

        return new JsonObject { ["match"] = new JsonArray(match), ["handle"] = handlers, ["terminal"] = true };
    }

    private static JsonArray Handlers(RoutedApp app, Domain domain)
    {
        if (domain.RedirectTo is { } target)
        {
            return [Redirect(target.TrimEnd('/') + "{http.request.uri}")];
        }

        JsonArray handlers = [];
        if (domain is { User: { } user, PasswordHash: { } hash })
        {
            handlers.Add((JsonNode)BasicAuth(user, hash));
        }

        if (domain is { StripPath: true, Path: not "/" })
        {
            handlers.Add((JsonNode)new JsonObject { ["handler"] = "rewrite", ["strip_path_prefix"] = domain.Path });
        }

        handlers.Add((JsonNode)new JsonObject
        {
            ["handler"] = "encode",
            ["encodings"] = new JsonObject { ["zstd"] = new JsonObject(), ["gzip"] = new JsonObject() },
            ["prefer"] = new JsonArray("zstd", "gzip"),
        });
        handlers.Add((JsonNode)new JsonObject
        {
            ["handler"] = "subroute",
            ["routes"] = new JsonArray(ToTarget(app), Answer(503, "This application is stopped.\n")),
        });
        return handlers;
    }

    // The newest file in the application's directory names its target. Without one the application is stopped.
    private static JsonObject ToTarget(RoutedApp app) => new()
    {
        ["match"] = new JsonArray(new JsonObject
        {
            ["file"] = new JsonObject { ["root"] = Targets.DirectoryOf(app.Id), ["try_files"] = new JsonArray("/*"), ["try_policy"] = "most_recently_modified" },
        }),
        ["handle"] = new JsonArray(
            new JsonObject
            {
                ["handler"] = "map",
                ["source"] = "{http.matchers.file.relative}",
                ["destinations"] = new JsonArray("{slipway_host}", "{slipway_port}"),
                ["mappings"] = new JsonArray(new JsonObject { ["input_regexp"] = "^/?([^:]+):([0-9]+)$", ["outputs"] = new JsonArray("${1}", "${2}") }),
            },
            ReverseProxy()),
        ["terminal"] = true,
    };

    // The target's name leads to all its containers that run. A request whose connection is refused is tried again for a while: a container
    // that restarts costs time and no error.
    private static JsonObject ReverseProxy() => new()
    {
        ["handler"] = "reverse_proxy",
        ["dynamic_upstreams"] = new JsonObject { ["source"] = "a", ["name"] = "{slipway_host}", ["port"] = "{slipway_port}", ["refresh"] = "1s" },
        ["load_balancing"] = new JsonObject
        {
            ["selection_policy"] = new JsonObject { ["policy"] = "round_robin" },
            ["try_duration"] = "10s",
            ["try_interval"] = "100ms",
        },
    };

    private static JsonObject BasicAuth(string user, string hash) => new()
    {
        ["handler"] = "authentication",
        ["providers"] = new JsonObject
        {
            ["http_basic"] = new JsonObject
            {
                ["hash"] = new JsonObject { ["algorithm"] = "bcrypt" },
                ["hash_cache"] = new JsonObject(),
                ["accounts"] = new JsonArray(new JsonObject { ["username"] = user, ["password"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(hash)) }),
            },
        },
    };

    private static JsonObject Redirect(string location) => new()
    {
        ["handler"] = "static_response", ["status_code"] = 308, ["headers"] = new JsonObject { ["Location"] = new JsonArray(location) },
    };

    private static JsonObject Answer(int status, string text) =>
        new() { ["handle"] = new JsonArray(new JsonObject { ["handler"] = "static_response", ["status_code"] = status, ["body"] = text }) };

    private static JsonArray Policies(List<(RoutedApp App, Domain Domain)> sites, JsonObject? acme)
    {
        JsonArray policies = [];
        foreach (var kind in (string[])["internal", "acme"])
        {
            JsonArray subjects = [.. sites.Where(site => site.Domain.Tls == kind).Select(site => site.Domain.Host).Distinct(StringComparer.Ordinal).Select(host => (JsonNode)host)];
            if (subjects.Count > 0)
            {
                policies.Add((JsonNode)new JsonObject { ["subjects"] = subjects, ["issuers"] = new JsonArray(kind == "acme" && acme is not null ? acme.DeepClone() : new JsonObject { ["module"] = kind }) });
            }
        }

        return policies;
    }

    private static JsonObject Logging() => new()
    {
        ["logs"] = new JsonObject
        {
            ["default"] = new JsonObject { ["exclude"] = new JsonArray("http.log.access") },
            ["access"] = new JsonObject
            {
                ["writer"] = new JsonObject { ["output"] = "file", ["filename"] = "/data/access.log", ["roll_size_mb"] = 20, ["roll_keep"] = 3 },
                ["include"] = new JsonArray("http.log.access"),
            },
        },
    };
}
