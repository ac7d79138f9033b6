using System.Collections.Concurrent;
using Slipway.Client;
using Slipway.Platform.Model;

namespace Slipway.Platform.Engines;

/// <summary>One client per engine, made when it is first needed and again when the server's address changes.</summary>
public sealed class EnginePool : IDisposable
{
    private readonly ConcurrentDictionary<(string Address, string? Tls), EngineClient> _clients = new();

    /// <summary>The client of a server's engine.</summary>
    /// <exception cref="PlatformException">The address makes no sense.</exception>
    public EngineClient Of(Server server)
    {
        try
        {
            return _clients.GetOrAdd((server.Address, server.TlsDirectory), key => new EngineClient(EngineAddress.Parse(key.Address, Tls(key.Tls))));
        }
        catch (FormatException e)
        {
            throw new PlatformException(Refusal.Invalid, e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    private static TlsFiles? Tls(string? directory) => directory is null
        ? null
        : new TlsFiles(Path.Combine(directory, "ca.pem"), Path.Combine(directory, "cert.pem"), Path.Combine(directory, "key.pem"), Verify: true);
}
