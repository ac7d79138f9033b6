using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages.Gateway;

namespace Slipway.BuildKit.Builds;

/// <summary>Does what a build's result needs, and brings it where the client wants it.</summary>
internal sealed class ExportResult(ExportImage image, ExportFiles files, ExportCache cache)
{
    /// <summary>Exports.</summary>
    /// <exception cref="GrpcException">The build failed, or cannot be exported so.</exception>
    internal async Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, Result result)
    {
        var told = new Dictionary<string, string>();
        var results = Refs(result).Select(build.Result).ToList();
        // A map has no order, and an index has.
        results.Sort((one, other) => string.CompareOrdinal(one.Platform.ToString(), other.Platform.ToString()));
        if (results.Count == 0)
        {
            return told;
        }

        await Task.WhenAll(results.Select(built => built.EvaluateAsync())).ConfigureAwait(false);
        foreach (var (number, order) in ExportOrder.Of(build.Request).Index())
        {
            var answer = order.Type switch
            {
                "moby" or "image" => await image.RunAsync(build, results, order).ConfigureAwait(false),
                "docker" when !build.Session.Offers("/moby.filesync.v1.FileSend/DiffCopy") => await image.RunAsync(build, results, order).ConfigureAwait(false),
                "docker" or "oci" or "local" or "tar" => await files.RunAsync(build, results, order, number).ConfigureAwait(false),
                _ => throw new GrpcException(GrpcStatus.InvalidArgument, $"exporter \"{order.Type}\" could not be found"),
            };
            Add(told, answer);
        }

        Add(told, await cache.ExportAsync(build, results).ConfigureAwait(false));
        return told;
    }

    private static void Add(Dictionary<string, string> told, IReadOnlyDictionary<string, string> more)
    {
        foreach (var (name, value) in more)
        {
            told[name] = value;
        }
    }

    /// <summary>The ids of all results, one for each platform.</summary>
    internal static IEnumerable<string> Refs(Result result) => result.ResultCase switch
    {
        Result.ResultOneofCase.RefDeprecated => result.RefDeprecated.Length > 0 ? [result.RefDeprecated] : [],
        Result.ResultOneofCase.Ref => result.Ref.Id.Length > 0 ? [result.Ref.Id] : [],
        Result.ResultOneofCase.RefsDeprecated => result.RefsDeprecated.Refs.Values,
        Result.ResultOneofCase.Refs => result.Refs.Refs.Values.Select(reference => reference.Id),
        _ => [],
    };
}
