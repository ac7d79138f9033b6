using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Compose.Plan;

/// <summary>Keys of a service that mean something, but not to one machine that runs Linux containers.</summary>
internal static class Unserved
{
    private static readonly string[][] s_withoutEffect =
    [
        ["deploy", "endpoint_mode"], ["deploy", "rollback_config"], ["deploy", "placement", "constraints"], ["deploy", "placement", "preferences"],
        ["deploy", "update_config", "monitor"], ["deploy", "update_config", "max_failure_ratio"], ["deploy", "restart_policy", "delay"], ["deploy", "restart_policy", "window"],
        ["deploy", "resources", "reservations", "cpus"], ["deploy", "resources", "reservations", "generic_resources"], ["cpu_count"], ["cpu_percent"], ["isolation"],
    ];

    private static readonly (string Key, string Reason)[] s_refused =
    [
        ("credential_spec", "this is for Windows containers"),
        ("use_api_socket", "give the service the engine's socket as a volume instead"),
    ];

    /// <summary>What has no effect, with its place, to be told once.</summary>
    public static IEnumerable<string> WithoutEffect(Service service)
    {
        foreach (string[] path in s_withoutEffect)
        {
            Mapping? map = path.SkipLast(1).Aggregate((Mapping?)service.Map, (inner, key) => inner.Map(key));
            if (map?[path[^1]] is { IsNull: false } node && node is not (Mapping { Count: 0 } or Sequence { Items.Count: 0 }))
            {
                yield return $"{node.At}: {service.Path}.{string.Join('.', path)}: has no effect here";
            }
        }
    }

    /// <exception cref="ComposeException">The service needs what there is not.</exception>
    public static void Check(Service service)
    {
        foreach ((string key, string reason) in s_refused)
        {
            if (service.Map[key] is { IsNull: false } node && node is not (Mapping { Count: 0 } or Sequence { Items.Count: 0 }) && node.Text() != "false")
            {
                throw new ComposeException(node.At, $"{service.Path}.{key}", reason);
            }
        }

        foreach (Mapping.Entry entry in service.Map.Map("networks")?.Entries ?? [])
        {
            if ((entry.Value as Mapping)?["interface_name"] is { IsNull: false } name)
            {
                throw new ComposeException(name.At, $"{service.Path}.networks.{entry.Key}.interface_name", "the engine names interfaces itself");
            }
        }
    }
}
