using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.DockerApi;

namespace Slipway.BuildClient.Services;

/// <summary>What the client does for the engine during a build.</summary>
internal sealed class SessionServices
{
    internal SessionServices(string sharedKey, BuildOrder order, SentDirectories directories, ReceivedResults results, SecretFiles secrets, ForwardedAgents agents, BlobDirectories blobs)
    {
        SharedKey = sharedKey;
        Dictionary<string, Func<GrpcCall, Task>> methods = new(StringComparer.Ordinal)
        {
            ["/grpc.health.v1.Health/Check"] = HealthAsync,
            ["/moby.filesync.v1.FileSync/DiffCopy"] = directories.SendAsync,
            ["/moby.filesync.v1.Auth/Credentials"] = call => CredentialsAsync(call, order.Credentials),
            ["/moby.buildkit.secrets.v1.Secrets/GetSecret"] = secrets.GetAsync,
        };
        if (results.Any)
        {
            methods["/moby.filesync.v1.FileSend/DiffCopy"] = results.ReceiveAsync;
        }

        if (blobs.Any)
        {
            const string content = "/containerd.services.content.v1.Content/";
            methods[content + "Info"] = blobs.InfoAsync;
            methods[content + "Read"] = blobs.ReadAsync;
            methods[content + "Write"] = blobs.WriteAsync;
        }

        if (agents.Any)
        {
            methods["/moby.sshforward.v1.SSH/CheckAgent"] = agents.CheckAsync;
            methods["/moby.sshforward.v1.SSH/ForwardAgent"] = agents.ForwardAsync;
        }

        if (order.ContextStream is { } context)
        {
            methods["/moby.upload.v1.Upload/Pull"] = call => UploadAsync(call, context);
        }

        Methods = methods;
    }

    /// <summary>Equal for builds of the same directory of the same machine, so that the engine knows its copy again.</summary>
    internal string SharedKey { get; }

    /// <summary>The services, by path.</summary>
    internal IReadOnlyDictionary<string, Func<GrpcCall, Task>> Methods { get; }

    private static async Task HealthAsync(GrpcCall call)
    {
        const int serving = 1;
        await call.ReadAsync(HealthCheckRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(new HealthCheckResponse { Status = serving }).ConfigureAwait(false);
    }

    private static async Task CredentialsAsync(GrpcCall call, Func<string, AuthConfig?> credentials)
    {
        var request = await call.ReadAsync(CredentialsRequest.Parser).ConfigureAwait(false);
        // Docker Hub has this name in files with credentials, whatever host is called.
        var host = request.Host is "registry-1.docker.io" or "docker.io" or "index.docker.io" ? "https://index.docker.io/v1/" : request.Host;
        var found = credentials(host);
        await call.WriteAsync(found switch
        {
            null => new CredentialsResponse(),
            { IdentityToken.Length: > 0 } => new CredentialsResponse { Secret = found.IdentityToken },
            _ => new CredentialsResponse { Username = found.Username ?? "", Secret = found.Password ?? "" },
        }).ConfigureAwait(false);
    }

    private static async Task UploadAsync(GrpcCall call, Stream context)
    {
        call.Begin();
        var output = new GrpcBytes(call.Messages);
        await using (output.ConfigureAwait(false))
        {
            await context.CopyToAsync(output, call.Gone).ConfigureAwait(false);
        }
    }
}
