using Slipway.Build;
using Slipway.Build.Context;
using Slipway.BuildKitApi.Grpc;

namespace Slipway.BuildKit.Builds;

/// <summary>A context that is no directory of the client: a git repository, an archive at an address, or one that the client pipes in or sent along.</summary>
internal static class RemoteDirectory
{
    private const string Method = "/moby.upload.v1.Upload/Pull";
    private const string Upload = "http://buildkit-session/";

    /// <summary>Fetches it.</summary>
    /// <exception cref="Engine.EngineException">It cannot be had.</exception>
    internal static async Task<RemoteContext> OpenAsync(Builder builder, UploadTable uploads, ClientBuild build, string address)
    {
        if (address == UploadTable.Address)
        {
            return build.Context ?? await uploads.ReadAsync(build.Request.Ref, body => RemoteContext.ReceiveAsync(builder.Engine, body, build.Canceled), build.Canceled).ConfigureAwait(false);
        }

        if (!address.StartsWith(Upload, StringComparison.Ordinal))
        {
            return await RemoteContext.OpenAsync(builder, address, build.Canceled).ConfigureAwait(false);
        }

        var path = KeyValuePair.Create("urlpath", address[(Upload.Length - 1)..]);
        using var call = await build.Session.Channel.OpenAsync(Method, [path], build.Canceled).ConfigureAwait(false);
        call.EndWriting();
        var sent = new GrpcBytes(call);
        await using (sent.ConfigureAwait(false))
        {
            return await RemoteContext.ReceiveAsync(builder.Engine, sent, build.Canceled).ConfigureAwait(false);
        }
    }
}
