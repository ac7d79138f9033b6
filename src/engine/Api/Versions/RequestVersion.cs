using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Versions;

/// <summary>The optional API version at the start of a path.</summary>
internal static class RequestVersion
{
    /// <summary>Takes <c>/v1.51</c> off a path. Without it a request is of the newest version, and digits that make no version are part of the path.</summary>
    public static (ApiVersion Version, string Path) Split(string path)
    {
        var end = path.IndexOf('/', Math.Min(1, path.Length));
        return end > 2 && path[1] == 'v' && ApiVersion.TryParse(path.AsSpan(2, end - 2), out var version)
            ? (version, path[end..])
            : (ApiVersion.Newest, path);
    }

    /// <summary>Refuses versions that are not spoken here.</summary>
    /// <exception cref="EngineException">In Docker's words.</exception>
    public static void Require(ApiVersion version)
    {
        if (version < ApiVersion.Oldest)
        {
            throw EngineException.Invalid(
                $"client version {version} is too old. Minimum supported API version is {ApiVersion.Oldest}, please upgrade your client to a newer version");
        }

        if (version > ApiVersion.Newest)
        {
            throw EngineException.Invalid($"client version {version} is too new. Maximum supported API version is {ApiVersion.Newest}");
        }
    }
}
