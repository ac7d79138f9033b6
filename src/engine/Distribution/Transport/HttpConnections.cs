using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Slipway.Distribution.Endpoints;
using Slipway.Engine;

namespace Slipway.Distribution.Transport;

/// <summary>Pools of connections, one for each way in which the other side is checked. Nothing is made before it is needed.</summary>
internal sealed class HttpConnections(DistributionOptions options) : IDisposable
{
    private const int MostPools = 64;

    private readonly ConcurrentDictionary<(string Tls, AddressReach Reach), HttpMessageInvoker> _pools = new();
    private readonly Lazy<EnvironmentProxy> _proxy = new(() => new EnvironmentProxy(Environment.GetEnvironmentVariable));

    /// <summary>Connections to hosts that lie no further inside than <paramref name="reach"/>.</summary>
    internal HttpMessageInvoker For(TlsSettings tls, AddressReach reach)
    {
        if (_pools.Count > MostPools)
        {
            // Certificates that change all the time; connections in use live on until they are idle.
            _pools.Clear();
        }

        return _pools.GetOrAdd((tls.Key, reach), _ => new HttpMessageInvoker(Make(tls, reach)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    private SocketsHttpHandler Make(TlsSettings tls, AddressReach reach) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        Proxy = _proxy.Value,
        ConnectTimeout = TimeSpan.FromSeconds(Math.Min(30, options.AnswerTimeout.TotalSeconds)),
        Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
        MaxResponseHeadersLength = 64,
        MaxResponseDrainSize = 64 << 10,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = Tls(tls),
        ConnectCallback = (context, cancel) => ConnectAsync(context.DnsEndPoint, reach, cancel),
    };

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint target, AddressReach reach, CancellationToken cancel)
    {
        var addresses = IPAddress.TryParse(target.Host.Trim('[', ']'), out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(target.Host, cancel).ConfigureAwait(false);
        var allowed = reach == AddressReach.Never || IsProxy(target) ? addresses : [.. addresses.Where(address => AddressReaches.Of(address) <= reach)];
        if (allowed.Length == 0)
        {
            throw new ForbiddenAddressException($"refusing to connect to {target.Host}:{target.Port}: the registry must not send us to internal addresses");
        }

        // Addresses are resolved once, here, so that the one that was checked is the one that is used.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsProxy(DnsEndPoint target)
    {
        return Same(_proxy.Value.GetProxy(new Uri("https://registry.invalid/"))) || Same(_proxy.Value.GetProxy(new Uri("http://registry.invalid/")));
        bool Same(Uri? proxy) => proxy is not null && string.Equals(proxy.Host, target.Host, StringComparison.OrdinalIgnoreCase) && proxy.Port == target.Port;
    }

    private static SslClientAuthenticationOptions Tls(TlsSettings tls)
    {
        var ssl = new SslClientAuthenticationOptions();
        try
        {
            if (tls.Clients.Count > 0)
            {
                ssl.ClientCertificates = [.. tls.Clients.Select(client => X509Certificate2.CreateFromPemFile(client.Certificate, client.Key))];
            }

            if (tls.SkipVerify)
            {
#pragma warning disable CA5359 // The operator listed this registry as insecure.
                ssl.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
            }
            else if (tls.Authorities.Count > 0)
            {
                ssl.RemoteCertificateValidationCallback = Check(Load(tls.Authorities));
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw EngineException.Invalid($"cannot use a certificate of certs.d: {e.Message}", e);
        }

        return ssl;
    }

    private static X509Certificate2Collection Load(IReadOnlyList<string> files)
    {
        var authorities = new X509Certificate2Collection();
        foreach (var file in files)
        {
            authorities.ImportFromPemFile(file);
        }

        return authorities;
    }

    // The system's authorities count too, as with Docker.
    private static RemoteCertificateValidationCallback Check(X509Certificate2Collection authorities) => (_, certificate, chain, errors) =>
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in chain?.ChainElements.Skip(1) ?? [])
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(leaf);
    };
}

/// <summary>A registry sent us where it must not.</summary>
internal sealed class ForbiddenAddressException(string message) : Exception(message);
