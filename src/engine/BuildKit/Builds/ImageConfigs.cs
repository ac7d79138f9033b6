using Google.Protobuf;
using Slipway.Build;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Messages.Gateway;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Looks images up for the client's part of a build.</summary>
internal sealed class ImageConfigs(Builder builder, SessionRegistry registry)
{
    /// <summary>An image's config and digest.</summary>
    /// <exception cref="EngineException">NotFound; InvalidArgument for a name that is none.</exception>
    internal async Task<ResolveImageConfigResponse> ResolveAsync(ClientBuild build, ResolveImageConfigRequest request)
    {
        var name = Reference.TryParse(request.Ref, out var parsed, out var error) ? parsed.TagNameOnly() : throw EngineException.Invalid($"failed to parse {request.Ref}: {error}");
        var platform = request.Platform is { } asked ? new Platform { Os = asked.Os, Architecture = asked.Architecture, Variant = asked.Variant.Length > 0 ? asked.Variant : null } : null;
        using var lease = builder.Engine.Content.BeginLease();
        if (request.ResolveMode == "pull" || builder.Engine.Images.Find(name.ToString()) is null)
        {
            await registry.PullFor(build.Session)(name, platform, build.Canceled).ConfigureAwait(false);
        }

        var image = await builder.Engine.Images.PrepareAsync(name.ToString(), platform, build.Canceled).ConfigureAwait(false);
        return new ResolveImageConfigResponse { Digest = image.ManifestDigest.ToString(), Config = ByteString.CopyFrom(builder.Engine.Content.ReadSmall(image.ConfigDigest)), Ref = name.ToString() };
    }
}
