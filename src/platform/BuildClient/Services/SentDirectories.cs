using Slipway.BuildClient.Files;
using Slipway.BuildKitApi.Grpc;
using Slipway.DockerApi;

namespace Slipway.BuildClient.Services;

/// <summary>Sends the directories that a build may read, and no others.</summary>
/// <param name="directories">The directories by name.</param>
internal sealed class SentDirectories(IReadOnlyDictionary<string, string> directories)
{
    internal async Task SendAsync(GrpcCall call)
    {
        var name = call.Metadata("dir-name");
        var root = directories.GetValueOrDefault(name) ?? throw new GrpcException(GrpcStatus.NotFound, $"no access allowed to dir \"{name}\"");
        var follow = Values(call, "followpaths");
        var include = Values(call, "include-patterns");
        var wanted = follow.Count + include.Count > 0 ? FollowedPaths.Of(root, follow.Concat(include)) : null;
        call.Begin();
        await new SendDirectory(call, root, new DirectoryWalk(root, IgnorePatterns.From(Values(call, "exclude-patterns")), wanted)).RunAsync().ConfigureAwait(false);
    }

    // Values that are no plain ASCII come escaped.
    private static IReadOnlyList<string> Values(GrpcCall call, string name)
    {
        var values = call.AllMetadata(name);
        return call.Metadata(name + "-encoded") is "1" or "true" ? [.. values.Select(Uri.UnescapeDataString)] : values;
    }
}
