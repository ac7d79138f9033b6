using Slipway.Client;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Engines;

/// <summary>
/// Tells when two servers are one engine under two addresses, by the identity that engines say (<c>GET /info</c>). They would fight over its proxy.
/// Servers that only build have none.
/// </summary>
public sealed class EngineTwins(PlatformStore store, EnginePool engines, TimeProvider time)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Refuses a server whose engine another one has already. An engine that does not answer now is found out when its proxy is made.</summary>
    /// <exception cref="PlatformException">It is another server's engine.</exception>
    internal async Task RefuseAsync(Server server, CancellationToken cancellation)
    {
        if (server.BuildServer || await IdentityAsync(server, cancellation).ConfigureAwait(false) is not { Length: > 0 } identity)
        {
            return;
        }

        var others = store.Servers.All.Where(other => other.Id != server.Id && !other.BuildServer).ToList();
        var identities = await Task.WhenAll(others.Select(other => IdentityAsync(other, cancellation))).ConfigureAwait(false);
        if (others.Zip(identities).FirstOrDefault(pair => pair.Second == identity).First is { } twin)
        {
            throw new PlatformException(Refusal.Conflict, $"that is the engine of server {twin.Name} ({twin.Address}) under another address; an engine can be one server only, since it has one proxy");
        }
    }

    private async Task<string?> IdentityAsync(Server server, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return (await engines.Of(server).InfoAsync(either.Token).ConfigureAwait(false)).ID;
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException or PlatformException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
