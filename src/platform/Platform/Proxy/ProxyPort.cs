using System.Net;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Proxy;

/// <summary>
/// Looks whether a port that an engine has published accepts connections, from a container in the network of the engine's machine: there it is reached
/// as by a visitor, wherever the platform itself runs.
/// </summary>
internal sealed class ProxyPort(EngineClient engine, string image, string name, PlatformIdentity identity)
{
    /// <summary>A command that ends when an address accepts a connection, or after 15 seconds with an error.</summary>
    internal static IReadOnlyList<string> Connect(string address) => ["socat", "-u", "OPEN:/dev/null", address + ",retry=60,interval=0.25,connect-timeout=2"];

    /// <summary>Waits until the port accepts a connection.</summary>
    /// <param name="address">Where it is published.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it does.</returns>
    internal async Task<bool> AcceptsAsync(ProxyAddress address, CancellationToken cancellation)
    {
        await RemoveAsync(cancellation).ConfigureAwait(false);
        try
        {
            await engine.CreateContainerAsync(new ContainerCreateRequest
            {
                Image = image,
                Entrypoint = [],
                Cmd = Connect(TargetOf(address)),
                Labels = new Dictionary<string, string> { [Labels.Platform] = identity.Id },
                HostConfig = new HostConfig { NetworkMode = "host" },
            }, name, cancellation: cancellation).ConfigureAwait(false);
            await engine.StartContainerAsync(name, cancellation: cancellation).ConfigureAwait(false);
            return (await engine.WaitContainerAsync(name, cancellation: cancellation).ConfigureAwait(false)).StatusCode == 0;
        }
        catch (EngineApiException e)
        {
            throw new PlatformException(Refusal.Unavailable, $"the proxy's port cannot be looked at: {e.Message}", e);
        }
        finally
        {
            await RemoveAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static string TargetOf(ProxyAddress published)
    {
        var address = published.Address is { } one && !one.Equals(IPAddress.Any) && !one.Equals(IPAddress.IPv6Any) ? one : IPAddress.Loopback;
        return $"TCP:{new IPEndPoint(address, published.Port)}";
    }

    private async Task RemoveAsync(CancellationToken cancellation)
    {
        try
        {
            await engine.RemoveContainerAsync(name, force: true, volumes: true, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode is 404 or 409)
        {
            // There is none, or somebody else removes it.
        }
    }
}
