using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Platform.Engines;

/// <summary>Networks that the platform needs on an engine.</summary>
internal static class EngineNetworks
{
    /// <summary>Makes a network if there is none of its name; one that is there stays as it is.</summary>
    /// <exception cref="EngineApiException">The engine refuses it.</exception>
    internal static async Task EnsureAsync(EngineClient engine, NetworkCreateRequest network, CancellationToken cancellation)
    {
        try
        {
            await engine.InspectNetworkAsync(network.Name, cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            try
            {
                // Before API 1.44 an engine makes a second one of the same name if it is not told to look.
                await engine.CreateNetworkAsync(network with { CheckDuplicate = true }, cancellation).ConfigureAwait(false);
            }
            catch (EngineApiException other) when (other.StatusCode == 409)
            {
                // Another deployment, or another service of the application, made it at the same time.
            }
        }
    }
}
