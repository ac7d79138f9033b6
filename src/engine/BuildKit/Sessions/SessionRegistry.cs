using Slipway.BuildKit.Builds;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Distribution;
using Slipway.Distribution.Authorization;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.BuildKit.Sessions;

/// <summary>What builds do at registries, with the credentials that the client has for them.</summary>
internal sealed class SessionRegistry(Registries registries)
{
    private const string Method = "/moby.filesync.v1.Auth/Credentials";
    private const string DockerHub = "https://index.docker.io/v1/";

    /// <summary>Gets images as this client may.</summary>
    internal Func<Reference, Oci.Platform?, CancellationToken, Task> PullFor(Session session) => async (name, platform, cancel) =>
    {
        if (LocalImages.IsLocal(name))
        {
            return;
        }

        await registries.PullImage.RunAsync(new PullRequest(name, platform, await CredentialsAsync(session, name, cancel).ConfigureAwait(false)), null, cancel).ConfigureAwait(false);
    };

    /// <summary>Pushes an image as this client may.</summary>
    internal async Task PushAsync(Session session, Reference name, Action<JsonMessage> report, CancellationToken cancel) =>
        await registries.PushImage.RunAsync(new PushRequest(name, null, await CredentialsAsync(session, name, cancel).ConfigureAwait(false)), report, cancel).ConfigureAwait(false);

    internal static async Task<RegistryCredentials> CredentialsAsync(Session session, Reference name, CancellationToken cancel)
    {
        // Not every client says that it serves this.
        try
        {
            var host = name.Domain == "docker.io" ? DockerHub : name.Domain;
            var answer = await session.Channel.CallAsync(Method, new CredentialsRequest { Host = host }, CredentialsResponse.Parser, cancel).ConfigureAwait(false);
            // Without a user the secret is a token for the token server.
            return RegistryCredentials.From(answer.Username.Length > 0
                ? new AuthConfig { Username = answer.Username, Password = answer.Secret }
                : new AuthConfig { IdentityToken = answer.Secret });
        }
        catch (GrpcException)
        {
            return RegistryCredentials.None;
        }
    }
}
