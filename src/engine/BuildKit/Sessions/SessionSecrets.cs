using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Sessions;

/// <summary>The secrets of a client. They are asked for when a command needs them and kept nowhere.</summary>
internal sealed class SessionSecrets(Session session)
{
    private const string Method = "/moby.buildkit.secrets.v1.Secrets/GetSecret";

    /// <summary>A secret's bytes; null when the client has none of that name.</summary>
    internal async Task<byte[]?> GetAsync(string id, CancellationToken cancel)
    {
        if (!session.Offers(Method))
        {
            return null;
        }

        try
        {
            var answer = await session.Channel.CallAsync(Method, new GetSecretRequest { Id = id }, GetSecretResponse.Parser, cancel).ConfigureAwait(false);
            return answer.Data.ToByteArray();
        }
        catch (GrpcException e) when (e.Code is GrpcStatus.NotFound or GrpcStatus.Unimplemented)
        {
            return null;
        }
    }
}
