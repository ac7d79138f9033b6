using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Slipway.Daemon.Options;

namespace Slipway.Daemon.Listeners;

/// <summary>TLS as dockerd's flags describe it. With <c>--tlsverify</c> only clients whose certificate our CA has signed get in.</summary>
internal static class ServerTls
{
    /// <summary>Reads the certificates; null when TLS is off.</summary>
    /// <exception cref="OptionException">A file cannot be read.</exception>
    public static SslServerAuthenticationOptions? Options(DaemonSettings settings)
    {
        if (!settings.Tls && !settings.TlsVerify)
        {
            return null;
        }

        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(settings.TlsCert, settings.TlsKey);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(settings.TlsCert);
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateRequired = settings.TlsVerify,
            };
            if (settings.TlsVerify)
            {
                options.CertificateChainPolicy = Policy(settings.TlsCaCert);
            }

            return options;
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new OptionException($"could not load the TLS certificates ({settings.TlsCert}, {settings.TlsKey}, {settings.TlsCaCert}): {e.Message}");
        }
    }

    private static X509ChainPolicy Policy(string authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.2") },
        };
        policy.CustomTrustStore.ImportFromPemFile(authorities);
        return policy;
    }
}
