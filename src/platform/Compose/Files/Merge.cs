namespace Slipway.Compose.Files;

/// <summary>
/// Lays one document in its long form over another, with the specification's rules: mappings join, lists are appended and what means
/// the same thing is there once, commands and tests are replaced; <c>!reset</c> takes away and <c>!override</c> replaces.
/// </summary>
public static class Merge
{
    // Lists whose elements mean nothing more when they are there twice.
    private static readonly HashSet<string> s_sets = new(StringComparer.Ordinal)
    {
        "services.*.cap_add", "services.*.cap_drop", "services.*.dns", "services.*.dns_opt", "services.*.dns_search", "services.*.expose", "services.*.extra_hosts",
        "services.*.group_add", "services.*.links", "services.*.external_links", "services.*.profiles", "services.*.security_opt", "services.*.volumes_from",
        "services.*.label_file", "services.*.device_cgroup_rules", "services.*.build.tags", "services.*.build.cache_from", "services.*.build.platforms",
    };

    /// <summary>The document with another one over it; neither is changed.</summary>
    public static Mapping Documents(Mapping below, Mapping above) => Map(below, above, "");

    /// <summary>The service with another one over it.</summary>
    public static Mapping Services(Mapping below, Mapping above) => Map(below, above, "services.*");

    /// <summary>Takes out what is only there to be taken away, for a document that lies over none.</summary>
    public static Mapping Clean(Mapping document) => Map(new Mapping(document.At), document, "");

    private static Mapping Map(Mapping below, Mapping above, string path)
    {
        Mapping result = below.Copy();
        foreach (Mapping.Entry entry in above.Entries)
        {
            string inner = Inner(path, entry.Key);
            Node? old = result[entry.Key];
            if (entry.Value.IsReset)
            {
                result.Remove(entry.Key);
            }
            else
            {
                result.Set(entry.Key, Value(old, entry.Value, inner), entry.At);
            }
        }

        return result;
    }

    private static Node Value(Node? below, Node above, string path) => (below, above) switch
    {
        (_, { IsOverride: true }) => Bare(above, path),
        (Mapping a, Mapping b) => path is "services.*.logging" && Differ(a, b) ? Bare(b, path) : Map(a, b, path),
        (Sequence a, Sequence b) => path is "services.*.command" or "services.*.entrypoint" or "services.*.healthcheck.test" ? b : List(a, b, path),
        // A network that a service joins without settings keeps those it had.
        (Mapping, { IsNull: true }) when path.StartsWith("services.*.networks.", StringComparison.Ordinal) => below!,
        (_, Mapping b) => Map(new Mapping(b.At), b, path),
        (_, Sequence b) => List(new Sequence(b.At, []), b, path),
        _ => above,
    };

    private static bool Differ(Mapping a, Mapping b) => b.Text("driver") is { } driver && a.Text("driver") is { } old && driver != old;

    private static Node Bare(Node node, string path) => node switch
    {
        Mapping map => Map(new Mapping(map.At), map, path),
        Sequence list => new Sequence(list.At, list.Items),
        Scalar scalar => new Scalar(scalar.At, scalar.Text, scalar.Kind),
        _ => node,
    };

    private static string Inner(string path, string key) => path switch
    {
        "" => key,
        "services" or "networks" or "volumes" or "secrets" or "configs" => path + ".*",
        _ => $"{path}.{key}",
    };

    private static Sequence List(Sequence below, Sequence above, string path)
    {
        OrderedDictionary<string, Node> items = new(StringComparer.Ordinal);
        int number = 0;
        foreach (Node item in below.Items.Concat(above.Items.Where(i => !i.IsReset)))
        {
            number++;
            string key = Key(item, path) ?? number.ToString(System.Globalization.CultureInfo.InvariantCulture) + "#";
            items[key] = item;
        }

        return new Sequence(above.At, [.. items.Values]);
    }

    // What makes an element the same as another; null when all of them stay.
    private static string? Key(Node item, string path) => (path, item) switch
    {
        ("services.*.ports", Mapping port) => $"{port.Text("host_ip")}:{port.Text("published")}:{port.Text("target")}/{port.Text("protocol")}",
        ("services.*.volumes" or "services.*.devices", Mapping mount) => mount.Text("target"),
        ("services.*.secrets", Mapping secret) => secret.Text("target"),
        ("services.*.configs", Mapping config) => config.Text("target") ?? "/" + config.Text("source"),
        ("services.*.env_file", Mapping file) => file.Text("path"),
        ("services.*.tmpfs", Scalar mount) => mount.Text.Split(':')[0],
        ("services.*.develop.watch", Mapping watch) => watch.Text("path"),
        ("services.*.build.secrets", Mapping secret) => secret.Text("source"),
        ("networks.*.ipam.config", Mapping pool) => pool.Text("subnet"),
        (_, Scalar scalar) when s_sets.Contains(path) => scalar.Text,
        _ => null,
    };
}
