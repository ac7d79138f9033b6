using Slipway.Build;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Sessions;

/// <summary>The ssh agents that a client forwards. Keys never leave it.</summary>
internal static class SessionAgents
{
    private const string Service = "/moby.sshforward.v1.SSH/";

    /// <summary>A client's agents; null when it forwards none.</summary>
    internal static ForwardedAgents? Of(Session session) => session.Offers(Service + "ForwardAgent")
        ? new ForwardedAgents((id, cancel) => HasAsync(session, id, cancel), (id, connection, cancel) => ForwardAsync(session, id, connection, cancel))
        : null;

    private static async Task<bool> HasAsync(Session session, string id, CancellationToken cancel)
    {
        try
        {
            await session.Channel.CallAsync(Service + "CheckAgent", new CheckAgentRequest { Id = id }, CheckAgentResponse.Parser, cancel).ConfigureAwait(false);
            return true;
        }
        catch (GrpcException)
        {
            return false;
        }
    }

    private static async Task ForwardAsync(Session session, string id, Stream connection, CancellationToken cancel)
    {
        using var call = await session.Channel.OpenAsync(Service + "ForwardAgent", [KeyValuePair.Create("buildkit.ssh.id", id)], cancel).ConfigureAwait(false);
        var agent = new GrpcBytes(call);
        await using (agent.ConfigureAwait(false))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var asking = connection.CopyToAsync(agent, stop.Token);
            var answering = agent.CopyToAsync(connection, stop.Token);
            await Task.WhenAny(asking, answering).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(asking, answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
