using Slipway.Engine;

namespace Slipway.Distribution.Endpoints;

/// <summary>
/// The directories with a directory per registry: <c>hosts.toml</c> as containerd reads it, or Docker's certificates (<c>*.crt</c> are
/// authorities, <c>NAME.cert</c> with <c>NAME.key</c> is ours).
/// </summary>
internal sealed class HostDirectories(IReadOnlyList<string> roots)
{
    private const long MaxBytes = 1 << 20;

    /// <summary>The <c>hosts.toml</c> for a registry, or null.</summary>
    /// <exception cref="EngineException">InvalidArgument, naming the file.</exception>
    internal HostsFile? Hosts(string domain)
    {
        var file = Directories(domain, withDefault: true).Select(directory => Path.Combine(directory, "hosts.toml")).FirstOrDefault(File.Exists);
        if (file is null)
        {
            return null;
        }

        try
        {
            return new FileInfo(file).Length > MaxBytes
                ? throw new FormatException("larger than 1 MiB")
                : HostsFile.Read(File.ReadAllText(file), domain, Path.GetDirectoryName(file)!);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw EngineException.Invalid($"cannot read {file}: {e.Message}", e);
        }
    }

    /// <summary>The certificates for a registry.</summary>
    /// <exception cref="EngineException">InvalidArgument: a certificate without its key.</exception>
    internal TlsSettings Tls(string domain, bool skipVerify)
    {
        if (Directories(domain, withDefault: false).FirstOrDefault() is not { } directory)
        {
            return TlsSettings.Default with { SkipVerify = skipVerify };
        }

        var clients = new List<(string, string)>();
        foreach (var certificate in Directory.EnumerateFiles(directory, "*.cert").Order(StringComparer.Ordinal))
        {
            var key = Path.ChangeExtension(certificate, ".key");
            clients.Add(File.Exists(key)
                ? (certificate, key)
                : throw EngineException.Invalid($"missing key {Path.GetFileName(key)} for client certificate {Path.GetFileName(certificate)}. CA certificates must use the extension .crt"));
        }

        // A given authority means that the certificate is to be checked, whatever the address.
        var authorities = Directory.EnumerateFiles(directory, "*.crt").Order(StringComparer.Ordinal).ToList();
        return new TlsSettings(skipVerify && authorities.Count == 0, authorities, clients);
    }

    // containerd: host:port, host_port_, host; then _default. A domain holds no slash, so no other directory can be named.
    private IEnumerable<string> Directories(string domain, bool withDefault)
    {
        var colon = domain.LastIndexOf(':');
        var hasPort = colon > 0 && !domain.EndsWith(']');
        string[] names = hasPort
            ? [domain, $"{domain[..colon]}_{domain[(colon + 1)..]}_", domain[..colon]]
            : [domain];
        return from root in roots
               from name in withDefault ? names.Append("_default") : names
               let path = Path.Combine(root, name)
               where name.Length > 0 && name[0] != '.' && Directory.Exists(path)
               select path;
    }
}
