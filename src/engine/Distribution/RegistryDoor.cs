using Slipway.Distribution.Authorization;
using Slipway.Distribution.Endpoints;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary>Opens sessions with registries: knows their addresses, connections and tokens.</summary>
internal sealed class RegistryDoor(Func<DistributionOptions> options, TimeProvider time) : IDisposable
{
    private readonly EndpointResolver _resolver = new(options);
    private readonly HttpConnections _connections = new(options());
    private readonly TokenCache _tokens = new(time);

    /// <summary>Runs work at each of a registry's addresses in turn, until one has what is asked for.</summary>
    /// <param name="name">The repository.</param>
    /// <param name="credentials">Who we are; only the registry itself learns it.</param>
    /// <param name="actions"><c>pull</c> or <c>pull,push</c>.</param>
    /// <param name="work">The work; when it fails for want of the object or the connection, the next address is tried.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="alsoRead">Further repositories of the registry that are read.</param>
    internal async Task<T> TryEachAsync<T>(Reference name, RegistryCredentials credentials, string actions, Func<RegistrySession, Task<T>> work, CancellationToken cancel, params IReadOnlyList<string> alsoRead)
    {
        var push = actions.Contains("push", StringComparison.Ordinal);
        var endpoints = await _resolver.FindAsync(name.Domain, push, cancel).ConfigureAwait(false);
        Exception? told = null;
        foreach (var endpoint in endpoints)
        {
            var session = Open(endpoint, name.Path, credentials, [$"repository:{name.Path}:{actions}", .. alsoRead.Select(other => $"repository:{other}:pull")]);
            try
            {
                if (push && endpoints.Count > 1)
                {
                    await session.PingAsync(cancel).ConfigureAwait(false);
                }

                var result = await work(session).ConfigureAwait(false);
                _resolver.Answered(endpoint);
                return result;
            }
            catch (Exception e) when (e is RegistryException or EngineException { Kind: ErrorKind.Unavailable or ErrorKind.Unauthorized or ErrorKind.Forbidden or ErrorKind.NotFound })
            {
                // An answer of the registry itself is the answer; only when nobody answers there is another way to try.
                if (endpoint.IsUpstream && e is not EngineException { Kind: ErrorKind.Unavailable, InnerException: not RegistryException })
                {
                    _resolver.Answered(endpoint);
                    if (e is EngineException { Kind: ErrorKind.Unauthorized })
                    {
                        // Docker's client answers 401 by asking for a password, also where nobody sits; 401 is for logging in.
                        throw new EngineException(ErrorKind.Forbidden, e.Message, e);
                    }

                    throw;
                }

                told = e;
            }
        }

        throw told ?? EngineException.Invalid($"no address of registry {name.Domain} may be used for this");
    }

    /// <summary>Sessions about no repository in particular, one for each address of a registry.</summary>
    /// <param name="domain">The registry as names have it.</param>
    /// <param name="credentials">Who we are.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="host">Another host to ask instead of the registry's own, or null.</param>
    internal async Task<IReadOnlyList<RegistrySession>> OpenAllAsync(string domain, RegistryCredentials credentials, CancellationToken cancel, string? host = null) =>
        [.. (await _resolver.FindAsync(host ?? domain, push: true, cancel, asEngine: false).ConfigureAwait(false)).Select(endpoint => Open(endpoint, "", credentials, []))];

    /// <inheritdoc/>
    public void Dispose() => _connections.Dispose();

    private RegistrySession Open(RegistryEndpoint endpoint, string repository, RegistryCredentials credentials, IReadOnlyList<string> scopes) =>
        new(_connections, _tokens, options(), time, endpoint, repository, credentials, scopes);
}
