using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient;

/// <summary>Outputs as BuildKit's exporters.</summary>
internal static class BuildOutputs
{
    private static readonly string[] Places = ["manifest", "index", "manifest-descriptor", "index-descriptor"];

    internal static Exporter Exporter(BuildOrder order, BuildOption output)
    {
        var exporter = new Exporter { Type = Type(output) };
        foreach (var (name, value) in output.Options.Where(option => option.Key != "dest"))
        {
            exporter.Attrs[name] = value;
        }

        if (output.Type == "registry")
        {
            exporter.Attrs["push"] = "true";
        }

        if (output.Type is not ("local" or "tar"))
        {
            if (order.Names.Count > 0 && !exporter.Attrs.ContainsKey("name"))
            {
                exporter.Attrs["name"] = string.Join(',', order.Names);
            }

            foreach (var (name, value) in order.Annotations)
            {
                foreach (var attribute in Annotation(name))
                {
                    exporter.Attrs[attribute] = value;
                }
            }
        }

        return exporter;
    }

    // Docker's engine stores images by an exporter of its own, and this engine knows it too; only the general one pushes.
    private static string Type(BuildOption output) => output.Type switch
    {
        "registry" => "image",
        "image" when output.Options.Keys.All(name => name is "name" or "dest") => "moby",
        "docker" when !output.Options.ContainsKey("dest") => "moby",
        _ => output.Type,
    };

    // index,manifest[linux/amd64]:key → annotation-index.key and annotation-manifest[linux/amd64].key
    private static IEnumerable<string> Annotation(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var places = colon < 0 ? [] : name[..colon].Split(',');
        return places.Length > 0 && places.All(place => Places.Contains(place.Split('[')[0]))
            ? places.Select(place => $"annotation-{place}.{name[(colon + 1)..]}")
            : ["annotation." + name];
    }
}
