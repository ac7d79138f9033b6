using System.Globalization;
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
    /// <param name="port">As a server has it: a port, or address and port.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it does.</returns>
    internal async Task<bool> AcceptsAsync(string port, CancellationToken cancellation)
    {
        await RemoveAsync(cancellation).ConfigureAwait(false);
        try
        {
            await engine.CreateContainerAsync(new ContainerCreateRequest
            {
                Image = image,
                Entrypoint = [],
                Cmd = Connect(AddressOf(port)),
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

    private static string AddressOf(string port)
    {
        var end = IPEndPoint.TryParse(port, out var given) && given.Port > 0 ? given : new IPEndPoint(IPAddress.Any, int.Parse(port, CultureInfo.InvariantCulture));
        return end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any)
            ? string.Create(CultureInfo.InvariantCulture, $"TCP:127.0.0.1:{end.Port}")
            : $"TCP:{end}";
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
