using Slipway.Build.Context;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.Build.Solve;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Build;

/// <summary>Gives the files of a context when a step needs them. They stay the giver's, until the build is disposed.</summary>
public delegate Task<BuildContext> OpenContext(LocalSource source, CancellationToken cancel);

/// <summary>An image is looked up for its config, before there is a graph.</summary>
/// <param name="Image">The image.</param>
/// <param name="Time">When.</param>
/// <param name="Done">Whether that has ended.</param>
/// <param name="Error">Why it ended without a result; null when it has one.</param>
public sealed record ImageLookup(ImageSource Image, DateTimeOffset Time, bool Done, string? Error);

/// <summary>The first half of a build: from a Dockerfile's text to the graph of what has to be done. Nothing is run yet.</summary>
public sealed class PlanBuild(Builder builder)
{
    /// <summary>Plans.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="dockerfile">The Dockerfile.</param>
    /// <param name="open">Gives contexts.</param>
    /// <param name="lookup">Is told of images that are looked up; null for nobody.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="DockerfileException">The Dockerfile cannot be built, or an image that it names cannot be had; what went wrong there is inside.</exception>
    public async Task<PlannedBuild> RunAsync(BuildRequest request, byte[] dockerfile, OpenContext open, Action<ImageLookup>? lookup, CancellationToken cancel)
    {
        var lease = builder.Engine.Content.BeginLease();
        builder.Commits.Enter();
        try
        {
            var inputs = new SolveInputs(builder, request, open);
            var file = await Task.Run(() => DockerfileParser.Parse(dockerfile, request.Dockerfile), cancel).ConfigureAwait(false);
            var graph = await GraphMaker.MakeAsync(file, Options(request), (source, stop) => ResolveAsync(inputs, source, lookup, stop), cancel).ConfigureAwait(false);
            return new PlannedBuild(builder, inputs, graph, lease);
        }
        catch
        {
            builder.Commits.Leave();
            lease.Dispose();
            throw;
        }
    }

    private GraphOptions Options(BuildRequest request) => new()
    {
        FileName = request.Dockerfile,
        Target = request.Target ?? "",
        BuildArgs = request.Arguments,
        Labels = request.Labels,
        NamedContexts = request.Contexts,
        FindId = FindId,
        TargetPlatform = request.Platform ?? Platform.Host,
        NoCache = request.NoCache,
        NoCacheStages = request.NoCacheFilter,
        AllowHostNetwork = request.AllowHostNetwork || request.Host.NetworkMode == "host",
        Ignore = request.Ignore,
    };

    // An id as clients show it, in its short or its full form. A name comes first.
    private Digest? FindId(string name)
    {
        const int least = 12;
        var isId = Digest.TryParse(name, out _) || (name.Length is >= least and <= 64 && name.All(char.IsAsciiHexDigitLower));
        return isId && builder.Engine.Images.Find(name) is { } image && !ImageTable.IsNameOf(image, name) ? image.ImageId : null;
    }

    private async ValueTask<ResolvedImage> ResolveAsync(SolveInputs inputs, ImageSource source, Action<ImageLookup>? lookup, CancellationToken cancel)
    {
        var time = builder.Engine.Time;
        lookup?.Invoke(new ImageLookup(source, time.GetUtcNow(), Done: false, null));
        try
        {
            var image = await inputs.ImageAsync(source, cancel).ConfigureAwait(false);
            lookup?.Invoke(new ImageLookup(source, time.GetUtcNow(), Done: true, null));
            return new ResolvedImage(source.Reference, image.ManifestDigest, image.Config);
        }
        catch (Exception e)
        {
            lookup?.Invoke(new ImageLookup(source, time.GetUtcNow(), Done: true, e is OperationCanceledException ? "context canceled" : e.Message));
            if (e is EngineException { Kind: not ErrorKind.Internal })
            {
                throw new UnavailableImageException(e.Message, e);
            }

            throw;
        }
    }
}
