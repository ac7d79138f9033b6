namespace Slipway.Compose.Files;

/// <summary>The long form of <c>deploy</c> and of requests for devices.</summary>
internal static class DeployForm
{
    public static Mapping Deploy(Mapping deploy, string path) => Forms.Each(deploy, path, (key, value, at) => key switch
    {
        "labels" => Forms.StringMap(value, at),
        "replicas" => Forms.Integer(value, at),
        "update_config" or "rollback_config" or "restart_policy" => value is Mapping policy ? Policy(policy, at) : null,
        "resources" => value is Mapping resources ? Forms.Each(resources, at, (_, part, p) => part is Mapping amounts ? Amounts(amounts, p) : null) : null,
        "placement" => value is Mapping placement ? Forms.Each(placement, at, (k, v, p) => k == "max_replicas_per_node" ? Forms.Integer(v, p) : v) : null,
        _ => Forms.Plain(key, value),
    });

    private static Mapping Policy(Mapping policy, string path) => Forms.Each(policy, path, (key, value, at) => key switch
    {
        "delay" or "monitor" or "window" => Forms.Time(value, at),
        "parallelism" or "max_attempts" => Forms.Integer(value, at),
        "max_failure_ratio" => Forms.Number(value, at),
        _ => Forms.Plain(key, value),
    });

    private static Mapping Amounts(Mapping amounts, string path) => Forms.Each(amounts, path, (key, value, at) => key switch
    {
        "cpus" => Forms.Number(value, at),
        "memory" => Forms.Size(value, at),
        "pids" => Forms.Integer(value, at),
        "devices" => Gpus(value, at),
        _ => value,
    });

    /// <summary>Requests for devices; <c>all</c> is every one there is.</summary>
    public static Node? Gpus(Node value, string path)
    {
        Node list = value is Scalar { Kind: ScalarKind.Text } all
            ? new Sequence(all.At, [new Mapping(all.At).Set("capabilities", new Sequence(all.At, [new Scalar(all.At, "gpu")])).Set("count", all)]) : value;
        return Forms.Objects(list, path, (_, _) => [], (map, at) => Forms.Each(map, at, (key, inner, p) => key switch
        {
            "capabilities" or "device_ids" => Forms.TextList(inner),
            "count" => inner.Text() == "all" ? new Scalar(inner.At, "-1", ScalarKind.Integer) : Forms.Integer(inner, p),
            "options" => Forms.StringMap(inner, p),
            _ => Forms.Plain(key, inner),
        }));
    }
}
