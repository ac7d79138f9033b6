namespace Slipway.Compose.Files;

/// <summary>The long form of <c>build</c>.</summary>
internal static class BuildForm
{
    public static Mapping? Build(Node value, string path, ProjectPaths paths)
    {
        if (value is Scalar { Kind: not ScalarKind.Null } context)
        {
            return new Mapping(context.At).Set("context", paths.Context(context.Text), context.At);
        }

        return value is not Mapping map ? null : Forms.Each(map, path, (key, inner, at) => key switch
        {
            "context" => Forms.Map(inner, paths.Context),
            "args" => Forms.Pairs(inner, at),
            "labels" => Forms.StringMap(inner, at),
            "additional_contexts" => Contexts(inner, at, paths),
            "cache_from" or "cache_to" or "tags" or "platforms" or "entitlements" => Forms.TextList(inner),
            "ssh" => Ssh(inner, paths),
            "no_cache" or "pull" or "privileged" => Forms.Flag(inner, at),
            "shm_size" => Forms.Size(inner, at),
            "extra_hosts" => ServiceForms.Hosts(inner, at),
            "ulimits" => ServiceForms.Ulimits(inner, at),
            "secrets" => ServiceForms.References(inner, at, null),
            _ => Forms.Plain(key, inner),
        });
    }

    private static Node? Contexts(Node value, string path, ProjectPaths paths) => Forms.StringMap(value, path) is Mapping map
        ? Forms.Each(map, path, (_, context, _) => Forms.Map(context, text => text.StartsWith("docker-image://", StringComparison.Ordinal) ? text : paths.Context(text))) : null;

    // A mapping of id to path, or a list of id[=path].
    private static Node? Ssh(Node value, ProjectPaths paths) => (value is Mapping map
        ? new Sequence(map.At, [.. map.Entries.Select(e => new Scalar(e.At, e.Value.Text() is { Length: > 0 } path ? $"{e.Key}={path}" : e.Key))]) { Tag = map.Tag }
        : Forms.TextList(value)) is Sequence list ? new Sequence(list.At, [.. list.Items.Select(i => Forms.Map(i, text => Key(text, paths)))]) { Tag = list.Tag } : null;

    private static string Key(string text, ProjectPaths paths) => text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals && equals + 1 < text.Length && text[equals + 1] != '$'
        ? text[..(equals + 1)] + paths.Shown(text[(equals + 1)..]) : text;
}
