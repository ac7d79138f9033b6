using Slipway.Toml;

namespace Slipway.Distribution.Endpoints;

/// <summary>A <c>hosts.toml</c> (containerd, docs/hosts.md).</summary>
/// <param name="Server">The registry itself.</param>
/// <param name="HasServer">Whether the file names it.</param>
/// <param name="Hosts">Mirrors in their order.</param>
internal sealed record HostsFile(RegistryEndpoint Server, bool HasServer, IReadOnlyList<RegistryEndpoint> Hosts)
{
    /// <summary>Reads the file.</summary>
    /// <param name="text">Its content.</param>
    /// <param name="domain">The registry it is for.</param>
    /// <param name="directory">What relative paths in it start from.</param>
    /// <exception cref="FormatException">It is malformed.</exception>
    internal static HostsFile Read(string text, string domain, string directory)
    {
        var root = TomlReader.Parse(text);
        var given = root.GetValueOrDefault("server") as string;
        var server = Endpoint(root, string.IsNullOrEmpty(given) ? Default(domain) : given, directory);
        var hosts = root.GetValueOrDefault("host") switch
        {
            null => [],
            TomlTable table => table.Select(entry => Endpoint(entry.Value as TomlTable ?? throw new FormatException($"host \"{entry.Key}\" is no table"), entry.Key, directory)).ToList(),
            _ => throw new FormatException("\"host\" is no table"),
        };
        return new HostsFile(server, !string.IsNullOrEmpty(given), hosts);
    }

    private static string Default(string domain) => "https://" + (domain == Oci.Reference.DefaultDomain ? "registry-1.docker.io" : domain);

    private static RegistryEndpoint Endpoint(TomlTable table, string address, string directory)
    {
        var capabilities = table.TryGetValue("capabilities", out var given) ? Strings(given, "capabilities") : ["pull", "resolve", "push"];
        return new RegistryEndpoint
        {
            Base = Base(address, table.GetValueOrDefault("override_path") is true),
            CanPull = capabilities.Contains("pull"),
            CanResolve = capabilities.Contains("resolve"),
            CanPush = capabilities.Contains("push"),
            Tls = new TlsSettings(
                table.GetValueOrDefault("skip_verify") is true,
                [.. Strings(table.GetValueOrDefault("ca"), "ca").Select(path => Path.Combine(directory, path))],
                [.. Clients(table.GetValueOrDefault("client"), directory)]),
            Headers = (table.GetValueOrDefault("header") as TomlTable ?? []).ToDictionary(entry => entry.Key, entry => string.Join(", ", Strings(entry.Value, entry.Key))),
        };
    }

    private static Uri Base(string address, bool overridePath)
    {
        var text = address.Contains("://", StringComparison.Ordinal) ? address : "https://" + address;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
        {
            throw new FormatException($"\"{address}\" is no address of a registry");
        }

        uri = uri.Host == "docker.io" ? new UriBuilder(uri) { Host = "registry-1.docker.io" }.Uri : uri;
        var path = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri(overridePath || path.EndsWith("/v2", StringComparison.Ordinal) ? path + "/" : path + "/v2/");
    }

    private static IReadOnlyList<string> Strings(object? value, string name) => value switch
    {
        null => [],
        string one => [one],
        List<object> many when many.All(item => item is string) => [.. many.Cast<string>()],
        _ => throw new FormatException($"\"{name}\" is neither a text nor a list of texts"),
    };

    // "file", ["file", …] or [["certificate", "key"], …]
    private static IEnumerable<(string Certificate, string Key)> Clients(object? value, string directory)
    {
        foreach (var item in value switch { null => [], List<object> many => many, var one => [one] })
        {
            var files = Strings(item, "client");
            yield return files.Count is 1 or 2
                ? (Path.Combine(directory, files[0]), Path.Combine(directory, string.IsNullOrEmpty(files[^1]) ? files[0] : files[^1]))
                : throw new FormatException("\"client\": a certificate and a key are expected");
        }
    }
}
