namespace Slipway.Compose.Files;

/// <summary>Brings one checked document into its long form: short syntaxes written out, paths absolute, units as numbers.</summary>
/// <param name="paths">Where relative paths of the document begin.</param>
public sealed class Canonical(ProjectPaths paths)
{
    /// <summary>The document in its long form.</summary>
    /// <exception cref="ComposeException">A value that has no meaning.</exception>
    public Mapping Document(Mapping document) => Forms.Each(document, "", (key, value, path) => key switch
    {
        "services" => Forms.Named(value, path, (name, service, at) => new CanonicalService(paths).Service((Mapping)service, at)),
        "networks" => Forms.Named(value, path, (name, network, at) => Network(network, at)),
        "volumes" => Forms.Named(value, path, (name, volume, at) => Volume(volume, at)),
        "secrets" or "configs" => Forms.Named(value, path, (name, file, at) => FileObject(file, at)),
        "name" => Forms.Text(value),
        _ => value,
    });

    /// <summary>A service, or some of its keys, in the long form.</summary>
    public Mapping Service(Mapping service, string path) => new CanonicalService(paths).Service(service, path);

    private static Mapping Network(Node network, string path) => Forms.Each(Resource(network), path, (key, value, inner) => key switch
    {
        "driver_opts" or "labels" => Forms.StringMap(value, inner),
        "internal" or "attachable" or "external" or "enable_ipv4" or "enable_ipv6" => Forms.Flag(value, inner),
        "ipam" => value,
        _ => Forms.Plain(key, value),
    });

    private static Mapping Volume(Node volume, string path) => Forms.Each(Resource(volume), path, (key, value, inner) => key switch
    {
        "driver_opts" or "labels" => Forms.StringMap(value, inner),
        "external" => Forms.Flag(value, inner),
        _ => Forms.Plain(key, value),
    });

    private Mapping FileObject(Node file, string path) => Forms.Each(Resource(file), path, (key, value, inner) => key switch
    {
        "file" => Forms.Map(value, paths.Shown),
        "driver_opts" or "labels" => Forms.StringMap(value, inner),
        "external" => Forms.Flag(value, inner),
        _ => Forms.Plain(key, value),
    });

    // The old form external: {name: x} says two things at once.
    private static Mapping Resource(Node node)
    {
        if (node is not Mapping map)
        {
            return new Mapping(node.At) { Tag = node.Tag };
        }

        if (map["external"] is not Mapping old)
        {
            return map;
        }

        Mapping copy = map.Copy().Set("external", new Scalar(old.At, "true", ScalarKind.Boolean));
        return old["name"] is { } name ? copy.Set("name", name) : copy;
    }
}
