namespace Slipway.Compose.Files;

/// <summary>Mounts of a service: <c>[source:]target[:options]</c>, or the long form.</summary>
internal static class VolumeForm
{
    private static readonly string[] s_propagations = ["rprivate", "private", "rshared", "shared", "rslave", "slave"];

    public static Mapping Read(Scalar text, string path)
    {
        string[] parts = text.Text.Split(':');
        ComposeException Fault(string reason) => new(text.At, path, $"\"{text.Text}\" is no mount: {reason}");
        if (parts.Length > 3 || parts.Any(p => p.Length == 0))
        {
            throw Fault("write source:target:options");
        }

        string source = parts.Length > 1 ? parts[0] : "";
        bool bind = source.Length > 0 && source[0] is '.' or '/' or '~';
        Mapping volume = new Mapping(text.At).Set("type", bind ? "bind" : "volume", text.At);
        if (source.Length > 0)
        {
            volume.Set("source", source, text.At);
        }

        volume.Set("target", parts.Length > 1 ? parts[1] : parts[0], text.At);
        Mapping options = new(text.At);
        foreach (string option in parts.Length > 2 ? parts[2].Split(',') : [])
        {
            switch (option)
            {
                case "ro": volume.Set("read_only", new Scalar(text.At, "true", ScalarKind.Boolean)); break;
                case "rw" or "": break;
                case "z" or "Z" when bind: options.Set("selinux", option, text.At); break;
                case "nocopy" when !bind: options.Set("nocopy", new Scalar(text.At, "true", ScalarKind.Boolean)); break;
                case "cached" or "delegated" or "consistent": break;
                case var mode when bind && s_propagations.Contains(mode): options.Set("propagation", mode, text.At); break;
                case "z" or "Z" or "copy": break;
                default: throw Fault($"the option \"{option}\" is not known");
            }
        }

        if (bind)
        {
            options.Set("create_host_path", new Scalar(text.At, "true", ScalarKind.Boolean));
        }

        return volume.Set(bind ? "bind" : "volume", options);
    }

    public static Mapping Complete(Mapping volume, string path, ProjectPaths paths)
    {
        Mapping full = Forms.Each(volume, path, (key, value, at) => key switch
        {
            "read_only" => Forms.Flag(value, at),
            "bind" or "volume" or "tmpfs" or "image" => value is Mapping options ? Options(options, at) : null,
            _ => Forms.Plain(key, value),
        });
        if (full["target"] is null && full.Text("type") != "cluster")
        {
            throw new ComposeException(full.At, path, "the key \"target\" is missing");
        }

        if (full.Text("type") == "bind")
        {
            string source = full.Text("source") ?? throw new ComposeException(full.At, path, "a mount of type bind needs a source");
            full.Set("source", paths.Shown(source), full["source"]!.At);
        }

        return full["target"] is Scalar target && target.Text.Length > 1 && target.Text.EndsWith('/') ? full.Set("target", target.Text.TrimEnd('/'), target.At) : full;
    }

    private static Mapping Options(Mapping options, string path) => Forms.Each(options, path, (key, value, at) => key switch
    {
        "create_host_path" or "nocopy" => Forms.Flag(value, at),
        "size" => Forms.Size(value, at),
        "mode" => value is Scalar { Kind: ScalarKind.Text } text ? Forms.Integer(new Scalar(text.At, "0" + text.Text.TrimStart('0')), at) : Forms.Integer(value, at),
        "labels" => Forms.StringMap(value, at),
        _ => Forms.Plain(key, value),
    });
}
