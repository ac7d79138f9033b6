using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary><c>POST /auth</c>: asks a registry whether it knows somebody.</summary>
public sealed class CheckAuth
{
    private readonly RegistryDoor _door;

    internal CheckAuth(RegistryDoor door) => _door = door;

    /// <summary>Logs in, for once.</summary>
    /// <param name="config">Server, user and password.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">Unauthorized; InvalidArgument for a server that is none; Unavailable.</exception>
    public async Task<AuthResponse> RunAsync(AuthConfig config, CancellationToken cancel)
    {
        var domain = string.IsNullOrEmpty(config.ServerAddress) ? Reference.DefaultDomain : RegistryCredentials.Host(config.ServerAddress);
        if (!Reference.TryParse(domain + "/x", out var name, out _) || name.Domain != domain)
        {
            throw EngineException.Invalid($"invalid registry address: {config.ServerAddress}");
        }

        Exception? told = null;
        foreach (var session in await _door.OpenAllAsync(domain, RegistryCredentials.From(config), cancel).ConfigureAwait(false))
        {
            try
            {
                using var response = await session.SendAsync(HttpMethod.Get, session.Endpoint.Base, null, cancel).ConfigureAwait(false);
                return new AuthResponse { Status = "Login Succeeded", IdentityToken = "" };
            }
            catch (Exception e) when (e is RegistryException or EngineException)
            {
                told = e is EngineException { Kind: ErrorKind.Unavailable } && told is EngineException { Kind: ErrorKind.Unauthorized } ? told : Refusal(e, session);
                if (told is EngineException { Kind: ErrorKind.Unauthorized })
                {
                    break;
                }
            }
        }

        throw told ?? EngineException.Invalid($"no address of registry {domain} may be used for this");
    }

    private static EngineException Refusal(Exception failure, RegistrySession session) => failure switch
    {
        RegistryException { Status: 401 } e => new EngineException(ErrorKind.Unauthorized, $"login attempt to {session.Endpoint.Base} failed with status: 401 Unauthorized", e),
        RegistryException e => e.ToEngineException(),
        EngineException { Kind: ErrorKind.Unauthorized } e when !e.Message.StartsWith("Get ", StringComparison.Ordinal) =>
            new EngineException(ErrorKind.Unauthorized, $"Get \"{session.Endpoint.Base}\": {e.Message}", e),
        EngineException e => e,
        _ => throw failure,
    };
}
