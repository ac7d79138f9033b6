using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Slipway.Client.Tunnels;

/// <summary>TLS over a connected socket, with a certificate of the client's where there is one.</summary>
internal static class TlsTunnel
{
    /// <exception cref="IOException">A file cannot be read, or the two sides do not trust each other.</exception>
    internal static async ValueTask<Socket> OpenAsync(Socket socket, string host, TlsFiles files, CancellationToken cancellation)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsClientAsync(Options(host, files), cancellation).ConfigureAwait(false);
            return await Tunnel.OpenAsync(stream, stream, stream.ShutdownAsync, stream).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or CryptographicException)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new IOException($"TLS with {host}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    private static SslClientAuthenticationOptions Options(string host, TlsFiles files)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (files is { Certificate: { } certificate, Key: { } key })
        {
            options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, key)];
        }

        if (!files.Verify)
        {
#pragma warning disable CA5359 // That is what --tls without --tlsverify asks for.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (files.CaCertificate is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
        }

        return options;
    }
}
