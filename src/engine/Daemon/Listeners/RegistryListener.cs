using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Slipway.Daemon.Options;
using Slipway.Distribution;
using Slipway.Distribution.Copies;
using Slipway.Engine;
using Slipway.Linux;
using Slipway.Registry;
using Slipway.Transport;

namespace Slipway.Daemon.Listeners;

/// <summary>Opens our own registry: its socket, its certificate, its key for the engine.</summary>
internal static class RegistryListener
{
    private const int Backlog = 512;
    private static readonly TimeSpan s_life = TimeSpan.FromDays(3650);

    /// <summary>Starts the registry; null when it is off, or when nobody asked for it and its usual port is taken.</summary>
    /// <exception cref="OptionException">The address or the certificate cannot be used.</exception>
    internal static async Task<RunningRegistry?> StartAsync(DaemonSettings settings, SlipwayEngine engine, ILoggerFactory logs, ILogger log)
    {
        var asked = settings.Registry;
        if (asked.Listen == "off" || (asked.Listen is null && settings.ExecRoot != new DaemonSettings().ExecRoot))
        {
            return null;
        }

        var address = RegistryAddresses.Parse(asked.Listen ?? RegistrySettings.DefaultListen);
        var socket = Open(address, asked.Listen is null, log);
        if (socket is null)
        {
            return null;
        }

        Directory.CreateDirectory(engine.Paths.Registry, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var bound = (IPEndPoint)socket.LocalEndPoint!;
        var tls = Tls(asked, engine, bound);
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var copies = asked.Upstreams.Count == 0 ? null : CopiedRepositories.For(engine, asked.Upstreams, asked.UpstreamCredentials, logs.CreateLogger("registry"));
        var options = new RegistryOptions
        {
            UsersFile = asked.UsersFile,
            Tls = tls is not null,
            ReadOnly = asked.ReadOnly,
            Quota = asked.Quota,
            Retention = asked.Retention,
            AuditFile = Path.Combine(engine.Paths.Registry, "audit.log"),
            EngineKey = key,
            Copies = copies is null ? null : CopiesOfOthers.Describe(copies, asked.UpstreamSize),
        };
        var server = new RegistryServer(engine, options, new BoundEndPoint(socket, $"tcp://{bound}", tls), logs);
        await server.StartAsync(CancellationToken.None);
        log.LogInformation("registry listens on {Address}{Users}", bound, asked.UsersFile is null ? "" : ", users from " + asked.UsersFile);
        return new RunningRegistry(server, new OwnRegistry(bound, tls is not null, RegistryServer.EngineHeader, key), copies);
    }

    private static Socket? Open(IPEndPoint address, bool isDefault, ILogger log)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e) when (isDefault)
        {
            socket.Dispose();
            log.LogWarning("the registry is off: cannot listen on {Address}: {Reason} (see --registry-listen)", address, e.Message);
            return null;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OptionException($"cannot listen on {address} for the registry: {e.Message}");
        }
    }

    // Passwords and images do not travel openly: beyond this machine there is always TLS, with a certificate of our own making if none is given.
    private static SslServerAuthenticationOptions? Tls(RegistrySettings asked, SlipwayEngine engine, IPEndPoint bound)
    {
        if (asked.Certificate is null && IPAddress.IsLoopback(bound.Address))
        {
            return null;
        }

        try
        {
            var (certificate, key) = asked.Certificate is { } given ? (given, asked.Key!) : OwnCertificate(engine, bound);
            using var ephemeral = X509Certificate2.CreateFromPemFile(certificate, key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            return new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null), chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            };
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new OptionException($"the registry's certificate cannot be used: {e.Message}");
        }
    }

    private static (string Certificate, string Key) OwnCertificate(SlipwayEngine engine, IPEndPoint bound)
    {
        var (certificate, key) = (Path.Combine(engine.Paths.Registry, "cert.pem"), Path.Combine(engine.Paths.Registry, "key.pem"));
        if (File.Exists(certificate) && File.Exists(key))
        {
            return (certificate, key);
        }

        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Environment.MachineName}", pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Environment.MachineName);
        names.AddDnsName("localhost");
        foreach (var address in Addresses(bound))
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        var now = engine.Time.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddHours(-1), now + s_life);
        DurableFile.WriteAllBytes(key, System.Text.Encoding.ASCII.GetBytes(pair.ExportPkcs8PrivateKeyPem()));
        DurableFile.WriteAllBytes(certificate, System.Text.Encoding.ASCII.GetBytes(made.ExportCertificatePem()));
        return (certificate, key);
    }

    private static IEnumerable<IPAddress> Addresses(IPEndPoint bound)
    {
        var own = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any)
            ? System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)
            : [bound.Address];
        return own.Append(IPAddress.Loopback).Append(IPAddress.IPv6Loopback).Distinct();
    }
}

/// <summary>Our registry while it runs.</summary>
/// <param name="Server">Its server.</param>
/// <param name="Own">Where the engine finds it.</param>
/// <param name="Copies">What fetches copies of other registries' content, or null.</param>
internal sealed record RunningRegistry(RegistryServer Server, OwnRegistry Own, CopiedRepositories? Copies) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Copies?.Dispose();
    }
}
