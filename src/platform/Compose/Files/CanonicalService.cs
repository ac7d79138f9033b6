namespace Slipway.Compose.Files;

/// <summary>The long form of a service.</summary>
/// <param name="paths">Where relative paths begin.</param>
internal sealed class CanonicalService(ProjectPaths paths)
{
    public Mapping Service(Mapping service, string path) => Forms.Each(service, path, (key, value, inner) => key switch
    {
        "annotations" or "labels" or "sysctls" or "storage_opt" => Forms.StringMap(value, inner),
        "environment" => Forms.Pairs(value, inner),
        "attach" or "init" or "oom_kill_disable" or "privileged" or "read_only" or "stdin_open" or "tty" or "use_api_socket" => Forms.Flag(value, inner),
        "cpu_count" or "cpu_shares" or "oom_score_adj" or "pids_limit" or "scale" => Forms.Integer(value, inner),
        "cpu_period" or "cpu_quota" or "cpu_rt_period" or "cpu_rt_runtime" => Microseconds(value, inner),
        "cpus" or "cpu_percent" => Forms.Number(value, inner),
        "mem_limit" or "mem_reservation" or "mem_swappiness" or "memswap_limit" or "shm_size" => Forms.Size(value, inner),
        "stop_grace_period" => Forms.Time(value, inner),
        "dns" or "dns_opt" or "dns_search" or "tmpfs" or "expose" or "cap_add" or "cap_drop" or "security_opt" or "group_add" or "profiles"
            or "links" or "external_links" or "volumes_from" or "device_cgroup_rules" => Forms.TextList(value),
        "command" or "entrypoint" => Command(value, inner),
        "label_file" => Files(value),
        "env_file" => EnvFiles(value, inner),
        "extra_hosts" => ServiceForms.Hosts(value, inner),
        "depends_on" => ServiceForms.DependsOn(value, inner),
        "networks" => ServiceForms.Networks(value, inner),
        "ports" => Forms.Objects(value, inner, ServiceForms.Port, ServiceForms.CompletePort),
        "volumes" => Forms.Objects(value, inner, (s, at) => [VolumeForm.Read(s, at)], (m, at) => VolumeForm.Complete(m, at, paths)),
        "secrets" => ServiceForms.References(value, inner, "/run/secrets/"),
        "configs" => ServiceForms.References(value, inner, null),
        "devices" => ServiceForms.Devices(value, inner),
        "ulimits" => ServiceForms.Ulimits(value, inner),
        "healthcheck" => Healthcheck(value, inner),
        "logging" => value is Mapping logging ? Forms.Each(logging, inner, (k, v, at) => k == "options" ? Forms.StringMap(v, at) : Forms.Plain(k, v)) : null,
        "build" => BuildForm.Build(value, inner, paths),
        "deploy" => value is Mapping deploy ? DeployForm.Deploy(deploy, inner) : null,
        "develop" => value is Mapping develop ? Develop(develop, inner) : null,
        "extends" => Extends(value),
        "post_start" or "pre_stop" => Hooks(value, inner),
        "blkio_config" => value is Mapping blkio ? Blkio(blkio, inner) : null,
        "gpus" => DeployForm.Gpus(value, inner),
        _ => Forms.Plain(key, value),
    });

    private static Node? Command(Node value, string path)
    {
        if (value is not Scalar { Kind: not ScalarKind.Null } scalar)
        {
            return value is Sequence list ? Forms.TextList(list) : null;
        }

        // With its variables still in it, a line cannot be cut: what they stand for may have quotes and spaces.
        if (!scalar.Interpolated && scalar.Text.Contains('$', StringComparison.Ordinal))
        {
            return scalar;
        }

        try
        {
            return new Sequence(scalar.At, [.. CommandLine.Split(scalar.Text).Select(w => new Scalar(scalar.At, w))]) { Tag = scalar.Tag };
        }
        catch (FormatException e)
        {
            throw new ComposeException(scalar.At, path, e.Message);
        }
    }

    private static Node? Microseconds(Node value, string path) =>
        value is Scalar { Kind: ScalarKind.Text } text && PlainScalar.Integer(text.Text) is null && Duration.TryParse(text.Text, out long nanoseconds)
            ? new Scalar(text.At, (nanoseconds / 1000).ToString(System.Globalization.CultureInfo.InvariantCulture), ScalarKind.Integer) : Forms.Integer(value, path);

    private Node? Files(Node value) =>
        Forms.TextList(value) is Sequence list ? new Sequence(list.At, [.. list.Items.Select(i => Forms.Map(i, paths.Resolve))]) { Tag = list.Tag } : null;

    private Node? EnvFiles(Node value, string path) => value.IsNull ? null : Forms.Objects(
        value is Sequence ? value : new Sequence(value.At, [value]) { Tag = value.Tag }, path,
        (text, _) => [new Mapping(text.At).Set("path", text.Text, text.At)],
        (map, at) => Forms.Each(map, at, (key, inner, innerPath) => key switch
        {
            "path" => Forms.Map(inner, paths.Resolve),
            // True is what is meant when nothing is said.
            "required" => Forms.Flag(inner, innerPath).Text() == "true" ? null : Forms.Flag(inner, innerPath),
            _ => Forms.Plain(key, inner),
        }));

    private static Mapping? Healthcheck(Node value, string path) => value is not Mapping map ? null : Forms.Each(map, path, (key, inner, at) => key switch
    {
        "test" => inner is Scalar { Kind: not ScalarKind.Null } line
            ? new Sequence(line.At, [new Scalar(line.At, "CMD-SHELL"), Forms.Text(line)]) { Tag = line.Tag } : Forms.TextList(inner),
        "interval" or "timeout" or "start_period" or "start_interval" => Forms.Time(inner, at),
        "retries" => Forms.Integer(inner, at),
        "disable" => Forms.Flag(inner, at),
        _ => inner,
    });

    private Mapping Develop(Mapping develop, string path) => Forms.Each(develop, path, (key, value, inner) => key != "watch" ? value
        : Forms.Objects(value, inner, (_, _) => [], (map, at) => Forms.Each(map, at, (k, v, p) => k switch
        {
            "path" => Forms.Map(v, paths.Shown),
            "ignore" or "include" => Forms.TextList(v),
            "initial_sync" => Forms.Flag(v, p),
            "exec" => v is Mapping hook ? Hook(hook, p) : null,
            _ => Forms.Plain(k, v),
        })));

    private Node? Extends(Node value) => value switch
    {
        Scalar { Kind: not ScalarKind.Null } name => new Mapping(name.At).Set("service", name),
        Mapping map => Forms.Each(map, "", (key, inner, _) => key == "file" ? Forms.Map(inner, paths.Resolve) : Forms.Text(inner)),
        _ => null,
    };

    private static Node? Hooks(Node value, string path) => Forms.Objects(value, path, (_, _) => [], Hook);

    private static Mapping Hook(Mapping hook, string path) => Forms.Each(hook, path, (key, value, inner) => key switch
    {
        "command" => Command(value, inner),
        "environment" => Forms.Pairs(value, inner),
        "privileged" => Forms.Flag(value, inner),
        _ => Forms.Plain(key, value),
    });

    private static Mapping Blkio(Mapping blkio, string path) => Forms.Each(blkio, path, (key, value, inner) => key == "weight" ? Forms.Integer(value, inner)
        : Forms.Objects(value, inner, (_, _) => [], (map, at) => Forms.Each(map, at, (k, v, p) => k switch
        {
            "rate" => Forms.Size(v, p),
            "weight" => Forms.Integer(v, p),
            _ => Forms.Text(v),
        })));
}
