using System.Collections.Concurrent;
using Slipway.Build.Context;
using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Engine.Images;

namespace Slipway.Build.Solve;

/// <summary>What a build brings along: its contexts, its images, its secrets, the limits of its commands.</summary>
internal sealed class SolveInputs(Builder builder, BuildRequest request, OpenContext open)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<RunnableImage>>> _images = new(StringComparer.Ordinal);

    /// <summary>The request.</summary>
    internal BuildRequest Request => request;

    /// <summary>The files of a context; they stay their owner's.</summary>
    internal Task<BuildContext> FilesAsync(LocalSource source, CancellationToken cancel) => open(source, cancel);

    /// <summary>An image, ready to be built on; looked up once for the whole build, so that a tag that moves meanwhile changes nothing.</summary>
    /// <exception cref="EngineException">NotFound, also when it has no such platform.</exception>
    internal Task<RunnableImage> ImageAsync(ImageSource source, CancellationToken cancel) =>
        _images.GetOrAdd($"{source.Reference} {source.Platform}", _ => new Lazy<Task<RunnableImage>>(() => PrepareAsync(source, cancel))).Value;

    private async Task<RunnableImage> PrepareAsync(ImageSource source, CancellationToken cancel)
    {
        var name = source.ImageId?.ToString() ?? source.Reference.ToString();
        var platform = request.Platform is null ? null : source.Platform;
        if (source.ImageId is null && (request.Pull ?? builder.Pull) is { } pull && (request.PullFirst || builder.Engine.Images.Find(name) is null))
        {
            await pull(source.Reference, platform, cancel).ConfigureAwait(false);
        }

        return await builder.Engine.Images.PrepareAsync(name, platform, cancel).ConfigureAwait(false);
    }
}
