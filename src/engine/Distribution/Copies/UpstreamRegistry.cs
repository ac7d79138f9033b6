using System.Diagnostics.CodeAnalysis;
using Slipway.Oci;

namespace Slipway.Distribution.Copies;

/// <summary>A registry whose repositories ours has copies of, as they are asked for.</summary>
/// <param name="Prefix">Below which name they are found in our registry: <c>docker.io</c> for <c>docker.io/library/busybox</c>.</param>
/// <param name="Domain">The registry as names of images have it, with port if any.</param>
/// <param name="IsMirror">Whether names that our registry does not have are looked for there too, as a mirror of it does.</param>
public sealed record UpstreamRegistry(string Prefix, string Domain, bool IsMirror)
{
    /// <summary>Reads <c>REGISTRY</c>, <c>PREFIX=REGISTRY</c> or, for a mirror, <c>*=REGISTRY</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out UpstreamRegistry? upstream)
    {
        upstream = null;
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (prefix, domain) = equals < 0 ? (text, text) : (text[..equals], text[(equals + 1)..]);
        var isMirror = prefix == "*";
        prefix = isMirror ? domain : prefix;
        if (!Reference.TryParse(domain + "/x/x", out var name, out _) || name.Domain != domain
            || !Reference.TryParse($"registry.invalid/{prefix}/x", out var place, out _) || place.Path != prefix + "/x" || place.Tag is not null)
        {
            return false;
        }

        upstream = new UpstreamRegistry(prefix, domain, isMirror);
        return true;
    }
}
