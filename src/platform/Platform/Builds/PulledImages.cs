using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Builds;

/// <summary>Gets images from registries to the server that runs them.</summary>
public sealed class PulledImages(EnginePool engines, ImageRegistry registry)
{
    /// <summary>Pulls an image; what the server has already serves where the registry does not.</summary>
    /// <returns>A name of the application's own for it, and what it is.</returns>
    internal async Task<(string Name, ImageInspect Image)> PullAsync(App app, Server server, string image, DeploymentLog log, CancellationToken cancellation)
    {
        var engine = engines.Of(server);
        var name = image.Contains('@', StringComparison.Ordinal) || image.LastIndexOf(':') > image.LastIndexOf('/') ? image : image + ":latest";
        await registry.AdmitAsync(image, server, cancellation).ConfigureAwait(false);
        log.Write($"Pulling {name}.");
        try
        {
            await foreach (var message in engine.PullImageAsync(name, auth: registry.LoginOf(app), cancellation: cancellation).ConfigureAwait(false))
            {
                if (message.Error is { } error)
                {
                    throw new EngineApiException(500, error);
                }
            }
        }
        catch (EngineApiException e)
        {
            if (await ReleaseBuild.FindAsync(engine, name, cancellation).ConfigureAwait(false) is null)
            {
                throw new PlatformException(Refusal.Unavailable, $"{name} cannot be pulled: {e.Message}", e);
            }

            log.Write($"It cannot be pulled ({e.Message}); the one that the server has is taken.");
        }

        var inspect = await ReleaseBuild.FindAsync(engine, name, cancellation).ConfigureAwait(false) ?? throw new PlatformException(Refusal.Unavailable, $"{name} is not there");
        return (await OwnAsync(engine, app, inspect, cancellation).ConfigureAwait(false), inspect);
    }

    /// <summary>Gives an image a name of the application's own: a name that moves on must not take the image of this release with it.</summary>
    internal static async Task<string> OwnAsync(EngineClient engine, App app, ImageInspect inspect, CancellationToken cancellation)
    {
        var own = $"slipway/{app.Name}:{inspect.Id[(inspect.Id.IndexOf(':', StringComparison.Ordinal) + 1)..][..16]}";
        await engine.TagImageAsync(inspect.Id, own.Split(':')[0], own.Split(':')[1], cancellation).ConfigureAwait(false);
        return own;
    }
}
