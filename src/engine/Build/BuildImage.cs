using System.Text;
using Slipway.Build.Context;
using Slipway.Build.Dockerfile;
using Slipway.Build.Results;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Build;

/// <summary><c>docker build</c> by the classic endpoint: a Dockerfile and a context become an image.</summary>
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
        var text = Text(request, context);
        await ImportAsync(request, cancel).ConfigureAwait(false);
        try
        {
            var plan = await new PlanBuild(builder).RunAsync(request, text, (source, _) => Task.FromResult(Files(context, source)), null, cancel).ConfigureAwait(false);
            await using (plan.ConfigureAwait(false))
            {
                LeaveOut(context.Files, request.Dockerfile);
                progress.Begin(plan.Graph);
                await plan.SolveAsync(progress.Report, cancel).ConfigureAwait(false);
                var image = (await plan.StoreAsync(request.Names, cancel).ConfigureAwait(false)).Config.Digest;
                progress.End(image, request.Names);
                return new BuildResult(image, [.. plan.Graph.Warnings.Select(warning => warning.Message)]);
            }
        }
        catch (DockerfileException e)
        {
            throw new EngineException((e.InnerException as EngineException)?.Kind ?? ErrorKind.InvalidArgument, e.Message, e);
        }
    }

    // Images that are not here are not asked for, as docker's classic builder has it.
    private async Task ImportAsync(BuildRequest request, CancellationToken cancel)
    {
        foreach (var name in request.NoCache ? [] : request.CacheFrom)
        {
            if (Oci.Reference.TryParse(name, out var reference, out _) && builder.Engine.Images.Find(reference.TagNameOnly().ToString()) is { Readable: true })
            {
                await TryImportAsync(reference.TagNameOnly(), request.Platform, cancel).ConfigureAwait(false);
            }
        }
    }

    private async Task TryImportAsync(Oci.Reference name, Oci.Platform? platform, CancellationToken cancel)
    {
        try
        {
            await builder.ImportCache.RunAsync(name, platform, null, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngineException or IOException or InvalidDataException)
        {
            // A build does without what it cannot use, such as an image of another platform.
        }
    }

    internal static byte[] Text(BuildRequest request, RemoteContext context)
    {
        var text = context.Dockerfile ?? context.Files.ReadFile(request.Dockerfile, MostDockerfile)
            ?? throw EngineException.Invalid($"Cannot locate specified Dockerfile: {request.Dockerfile}");
        return text.Length > 0 ? text : throw EngineException.Invalid($"the Dockerfile ({request.Dockerfile}) cannot be empty");
    }

    private static BuildContext Files(RemoteContext context, Graph.LocalSource source) =>
        source.ContextName == "context" ? context.Files : throw EngineException.NotFound($"no build context is named {source.ContextName}");

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
}
