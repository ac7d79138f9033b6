using Slipway.Distribution.Endpoints;
using Slipway.Engine;

namespace Slipway.Distribution.Authorization;

/// <summary>Decides what a registry's token server may be: it is named by the registry, so it is as trustworthy as a stranger.</summary>
internal static class TokenRealm
{
    /// <summary>Checks the address of a realm.</summary>
    /// <exception cref="EngineException">Forbidden: it is no address, or not protected although the registry is.</exception>
    internal static Uri Check(RegistryEndpoint endpoint, string realm)
    {
        if (!Uri.TryCreate(realm, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0 || realm.Length > 2048)
        {
            throw new EngineException(ErrorKind.Forbidden, $"registry {endpoint.Base.Authority} names an unusable token server");
        }

        return address.Scheme == Uri.UriSchemeHttps || endpoint.IsPlain
            ? address
            : throw new EngineException(ErrorKind.Forbidden, $"registry {endpoint.Base.Authority} names a token server without TLS: {address.Authority}");
    }

    /// <summary>
    /// Whether the registry's credentials may go there: to its own host, or to a host of the same organisation's domain, as Docker Hub's
    /// (registry-1.docker.io and auth.docker.io). Nobody else's.
    /// </summary>
    internal static bool MayHaveCredentials(RegistryEndpoint endpoint, Uri realm)
    {
        if (!endpoint.IsUpstream || (realm.Scheme != Uri.UriSchemeHttps && !endpoint.IsPlain))
        {
            return false;
        }

        var (own, other) = (endpoint.Base, realm);
        if (string.Equals(own.Host, other.Host, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return own.HostNameType == UriHostNameType.Dns && other.HostNameType == UriHostNameType.Dns
            && Organisation(own.Host) is { } domain && domain == Organisation(other.Host);
    }

    // The last two labels; three where the last two look like a public suffix (co.uk, com.br) or belong to a host of many (amazonaws.com …).
    private static string? Organisation(string host)
    {
        var labels = host.ToLowerInvariant().TrimEnd('.').Split('.');
        var suffix = labels.Length >= 2 && labels[^1].Length == 2 && labels[^2].Length <= 3 ? 2 : 1;
        var shared = labels.Length >= 2 && $"{labels[^2]}.{labels[^1]}" is "amazonaws.com" or "azurecr.io" or "github.io" or "herokuapp.com" or "cloudfront.net"
            or "azurewebsites.net" or "windows.net" or "run.app" or "fly.dev" or "pages.dev" or "workers.dev" or "vercel.app" or "netlify.app" or "ngrok.io" or "onrender.com";
        return labels.Length > suffix && !shared ? string.Join('.', labels[^(suffix + 1)..]) : null;
    }
}
