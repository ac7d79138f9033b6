using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>
/// What Docker Compose leaves out when it writes an object, because its Go structures do (<c>omitempty</c>): false, zero and empty values, unless
/// the structure tells them from absent ones.
/// </summary>
internal static class WireEmpty
{
    private static readonly HashSet<string> s_kept = new(StringComparer.Ordinal)
    {
        "command", "entrypoint", "init", "attach", "required", "enable_ipv4", "enable_ipv6", "scale", "replicas", "retries", "soft", "hard", "parallelism", "max_attempts", "mode",
        "build", "develop", "blkio_config", "credential_spec", "deploy", "healthcheck", "logging", "bind", "volume", "tmpfs", "image", "limits", "reservations", "resources",
        "update_config", "rollback_config", "restart_policy",
    };

    private static readonly HashSet<string> s_sizes = new(StringComparer.Ordinal) { "mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size", "memory", "size" };

    /// <summary>Whether the value of a key of an object at a path is left out.</summary>
    public static bool Omits(string path, string key, Node value) => WireOrder.IsObject(path) && value switch
    {
        Mapping { Count: 0 } or Sequence { Items.Count: 0 } => path.Length > 0 && !s_kept.Contains(key),
        Scalar { Kind: ScalarKind.Boolean, Text: "false" } => !s_kept.Contains(key),
        Scalar { Kind: ScalarKind.Integer or ScalarKind.Float } number => decimal.TryParse(number.Text, System.Globalization.CultureInfo.InvariantCulture, out decimal amount) && amount == 0
            && (!s_kept.Contains(key) || (key == "mode" && path.EndsWith(".tmpfs", StringComparison.Ordinal))),
        Scalar { Kind: ScalarKind.Text, Text: "" } => true,
        Scalar { Kind: ScalarKind.Text, Text: "0" } => s_sizes.Contains(key),
        _ => false,
    };
}
