using System.Security.Cryptography;
using System.Text;
using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>
/// The hash of a service's configuration, by which a change is noticed: SHA-256 of its JSON as Docker Compose v2 marshals it, without what
/// does not belong to a container (how it is built, how many there are, when it is pulled).
/// </summary>
public static class ConfigHash
{
    /// <summary>64 hex digits.</summary>
    public static string Of(Service service) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text(service))));

    /// <summary>What is hashed.</summary>
    internal static string Text(Service service)
    {
        Mapping map = service.Map.Copy().Remove("build").Remove("pull_policy").Remove("scale");
        if (map.Map("deploy") is { } deploy)
        {
            map.Set("deploy", deploy.Copy().Remove("replicas"));
        }

        return CanonicalJson.Write(map, "services.*", new JsonStyle { ForHash = true });
    }
}
