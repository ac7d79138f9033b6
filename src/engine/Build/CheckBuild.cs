using Slipway.Build.Context;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.Engine;

namespace Slipway.Build;

/// <summary>What can be said of a build without doing it: what is wrong with its Dockerfile, and what would be done.</summary>
public sealed class CheckBuild(Builder builder)
{
    /// <summary>What <c>docker build --check</c> prints.</summary>
    /// <exception cref="EngineException">There is no Dockerfile, or a base image cannot be had.</exception>
    public async Task<string> CheckAsync(BuildRequest request, RemoteContext context, CancellationToken cancel)
    {
        var text = BuildImage.Text(request, context);
        try
        {
            return await WithGraphAsync(request, text, graph => CheckReport.Format(text, request.Dockerfile, graph.Warnings), cancel).ConfigureAwait(false);
        }
        catch (DockerfileException e)
        {
            return CheckReport.Format(text, request.Dockerfile, [], e.Diagnostic);
        }
    }

    /// <summary>The build's graph as a picture (SVG) or text.</summary>
    /// <exception cref="EngineException">The Dockerfile cannot be built, or a base image cannot be had.</exception>
    public async Task<string> DrawAsync(BuildRequest request, RemoteContext context, bool picture, CancellationToken cancel)
    {
        try
        {
            return await WithGraphAsync(request, BuildImage.Text(request, context), graph => picture ? GraphPicture.Svg(graph) : GraphPicture.Text(graph), cancel).ConfigureAwait(false);
        }
        catch (DockerfileException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }
    }

    private async Task<string> WithGraphAsync(BuildRequest request, byte[] text, Func<BuildGraph, string> tell, CancellationToken cancel)
    {
        var plan = await new PlanBuild(builder).RunAsync(request, text, (_, _) => throw new InvalidOperationException("nothing is built"), null, cancel).ConfigureAwait(false);
        await using (plan.ConfigureAwait(false))
        {
            return tell(plan.Graph);
        }
    }
}
