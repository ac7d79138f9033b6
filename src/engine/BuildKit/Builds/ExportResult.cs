using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages.Gateway;

namespace Slipway.BuildKit.Builds;

/// <summary>Does what a build's result needs, and brings it where the client wants it.</summary>
internal sealed class ExportResult(ExportImage image, ExportFiles files)
{
    /// <summary>Exports.</summary>
    /// <exception cref="GrpcException">The build failed, or cannot be exported so.</exception>
    internal async Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, Result result)
    {
        var told = new Dictionary<string, string>();
        if (Ref(result) is not { Length: > 0 } id)
        {
            return told;
        }

        var built = build.Result(id);
        await built.EvaluateAsync().ConfigureAwait(false);
        foreach (var order in ExportOrder.Of(build.Request))
        {
            var answer = order.Type switch
            {
                "moby" or "image" => await image.RunAsync(build, built, order).ConfigureAwait(false),
                "docker" when !build.Session.Offers("/moby.filesync.v1.FileSend/DiffCopy") => await image.RunAsync(build, built, order).ConfigureAwait(false),
                "docker" or "oci" or "local" or "tar" => await files.RunAsync(build, built, order).ConfigureAwait(false),
                _ => throw new GrpcException(GrpcStatus.InvalidArgument, $"exporter \"{order.Type}\" could not be found"),
            };
            foreach (var (name, value) in answer)
            {
                told[name] = value;
            }
        }

        return told;
    }

    private static string? Ref(Result result) => result.ResultCase switch
    {
        Result.ResultOneofCase.RefDeprecated => result.RefDeprecated,
        Result.ResultOneofCase.Ref => result.Ref.Id,
        Result.ResultOneofCase.None => null,
        _ => throw new GrpcException(GrpcStatus.Unimplemented, "builds for several platforms at once are not supported"),
    };
}
