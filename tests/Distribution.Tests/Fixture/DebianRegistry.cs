using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Slipway.Distribution.Tests.Fixture;

/// <summary>Debian's docker-registry on a free port: plain, or with TLS and the user joe with password secret.</summary>
internal sealed class DebianRegistry : IDisposable
{
    /// <summary>A further name in its certificate, which no name server knows.</summary>
    internal const string Domain = "registry.slipway.test";

    private readonly string _root = Directory.CreateTempSubdirectory("slipway-reg-").FullName;
    private readonly Process _process;

    private DebianRegistry(bool locked)
    {
        Host = "127.0.0.1:" + FreePort().ToString(CultureInfo.InvariantCulture);
        var extra = locked ? $", tls: {{certificate: {_root}/c.pem, key: {_root}/k.pem}}}}\nauth: {{htpasswd: {{realm: r, path: {_root}/users}}}}" : "}";
        if (locked)
        {
            WriteSecrets();
        }

        File.WriteAllText(Path.Combine(_root, "config.yml"), $"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {_root}/data}}}}\nhttp: {{addr: {Host}{extra}\n");
        var start = new ProcessStartInfo("docker-registry") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("serve");
        start.ArgumentList.Add(Path.Combine(_root, "config.yml"));
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    internal string Host { get; }

    /// <summary>A certs.d whose only authority is this registry's certificate.</summary>
    internal string CertsDirectory => Path.Combine(_root, "certs.d");

    internal static async Task<DebianRegistry> StartAsync(bool locked = false)
    {
        var registry = new DebianRegistry(locked);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPEndPoint.Parse(registry.Host));
                return registry;
            }
            catch (SocketException) when (attempt < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void WriteSecrets()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName(Domain);
        var request = new CertificateRequest("CN=registry", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(_root, "c.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_root, "k.pem"), key.ExportPkcs8PrivateKeyPem());
        Directory.CreateDirectory(Path.Combine(CertsDirectory, Host));
        File.Copy(Path.Combine(_root, "c.pem"), Path.Combine(CertsDirectory, Host, "ca.crt"));

        // htpasswd -Bbn joe secret
        var start = new ProcessStartInfo("htpasswd") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (ReadOnlySpan<string>)["-Bbn", "joe", "secret"])
        {
            start.ArgumentList.Add(argument);
        }

        using var htpasswd = Process.Start(start)!;
        File.WriteAllText(Path.Combine(_root, "users"), htpasswd.StandardOutput.ReadToEnd().Trim() + "\n");
        htpasswd.WaitForExit();
    }
}
