using System.Text;
using Slipway.Build.Context;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.Build.Results;
using Slipway.Build.Solve;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Build;

/// <summary><c>docker build</c>: a Dockerfile and a context become an image.</summary>
public sealed class BuildImage(Builder builder)
{
    private const int MostDockerfile = 64 << 20;
    private const int MostIgnored = 4 << 20;
    private const string IgnoreFile = ".dockerignore";

    /// <summary>Builds.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="context">The files; stays the caller's.</param>
    /// <param name="progress">Is told what happens.</param>
    /// <param name="cancel">Stops the build; nothing of it goes on.</param>
    /// <exception cref="EngineException">It cannot be built.</exception>
    /// <exception cref="RunFailedException">A command failed.</exception>
    public async Task<BuildResult> RunAsync(BuildRequest request, RemoteContext context, ClassicProgress progress, CancellationToken cancel)
    {
        using var lease = builder.Engine.Content.BeginLease();
        builder.Commits.Enter();
        try
        {
            var inputs = new SolveInputs(builder, request, context.Files);
            var graph = await MakeGraphAsync(request, context, inputs, cancel).ConfigureAwait(false);
            LeaveOut(context.Files, request.Dockerfile);
            progress.Begin(graph);
            var result = await SolveAsync(graph, inputs, request, progress, cancel).ConfigureAwait(false);
            progress.End(result.Image, request.Names);
            return result;
        }
        finally
        {
            builder.Commits.Leave();
        }
    }

    // Clients send both files for the builder's sake even where the list names them: they are not to be copied then.
    private static void LeaveOut(BuildContext files, string dockerfile)
    {
        if (files.ReadFile(IgnoreFile, MostIgnored) is not { } list)
        {
            return;
        }

        try
        {
            var ignored = IgnorePatterns.Parse(Encoding.UTF8.GetString(list));
            foreach (var name in new[] { IgnoreFile, dockerfile }.Where(name => ignored.Excludes(name)))
            {
                files.Remove(name);
            }
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"Error checking context: {e.Message}", e);
        }
    }

    private async Task<BuildResult> SolveAsync(BuildGraph graph, SolveInputs inputs, BuildRequest request, ClassicProgress progress, CancellationToken cancel)
    {
        using var solver = new Solver(builder, inputs, progress.Report, cancel);
        try
        {
            var solved = await solver.SolveAsync(graph.Result).ConfigureAwait(false);
            var image = await new ImageResult(builder).StoreAsync(graph, solved, solver, request.Names, cancel).ConfigureAwait(false);
            return new BuildResult(image, [.. graph.Warnings.Select(warning => warning.Message)]);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && solver.Failure is not null)
        {
            // The first failure stopped the others; it is what went wrong.
            throw solver.Failure;
        }
        finally
        {
            await solver.EndAsync().ConfigureAwait(false);
        }
    }

    private static async Task<BuildGraph> MakeGraphAsync(BuildRequest request, RemoteContext context, SolveInputs inputs, CancellationToken cancel)
    {
        var text = context.Dockerfile ?? context.Files.ReadFile(request.Dockerfile, MostDockerfile)
            ?? throw EngineException.Invalid($"Cannot locate specified Dockerfile: {request.Dockerfile}");
        if (text.Length == 0)
        {
            throw EngineException.Invalid($"the Dockerfile ({request.Dockerfile}) cannot be empty");
        }

        var options = new GraphOptions
        {
            FileName = request.Dockerfile,
            Target = request.Target ?? "",
            BuildArgs = request.Arguments,
            Labels = request.Labels,
            NamedContexts = request.Contexts.ToDictionary(pair => pair.Key, pair => pair.Value.Image is { } image ? "docker-image://" + image : "local:" + pair.Key),
            TargetPlatform = request.Platform ?? Platform.Host,
            NoCache = request.NoCache,
            NoCacheStages = request.NoCacheFilter,
            AllowHostNetwork = true,
        };
        try
        {
            var file = await Task.Run(() => DockerfileParser.Parse(text, request.Dockerfile), cancel).ConfigureAwait(false);
            return await GraphMaker.MakeAsync(file, options, ResolveAsync, cancel).ConfigureAwait(false);
        }
        catch (DockerfileException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }

        async ValueTask<ResolvedImage> ResolveAsync(ImageSource source, CancellationToken stop)
        {
            var image = await inputs.ImageAsync(source, stop).ConfigureAwait(false);
            return new ResolvedImage(source.Reference, image.ManifestDigest, image.Config);
        }
    }
}
