using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Endpoints;

/// <summary>
/// Finds the addresses of a registry, in the order in which they are tried: what <c>hosts.toml</c> says (containerd's rules), else mirrors
/// and certificates as Docker's options and <c>certs.d</c> say. Loopback and insecure registries are tried with TLS first, then without.
/// </summary>
internal sealed class EndpointResolver(Func<DistributionOptions> options)
{
    private const string Hub = "registry-1.docker.io";

    private readonly HostDirectories _directories = new(options().CertsDirectories);
    private readonly ConcurrentDictionary<string, bool> _plain = new();

    /// <summary>The addresses for a registry as names have it.</summary>
    /// <param name="domain">The registry.</param>
    /// <param name="push">Only addresses that may be pushed to.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="asEngine">Whether our own registry is to know us as its engine; not when a user wants to prove who he is.</param>
    /// <exception cref="EngineException">InvalidArgument: its configuration cannot be read.</exception>
    internal async Task<IReadOnlyList<RegistryEndpoint>> FindAsync(string domain, bool push, CancellationToken cancel, bool asEngine = true)
    {
        if (asEngine && options().Own is { } own && own.Is(domain))
        {
            // It proves itself by the engine's key, which nobody else has; its certificate may be of its own making.
            return [new RegistryEndpoint { Base = own.Base, IsOwn = true, Tls = new TlsSettings(own.Tls, [], []), Headers = new Dictionary<string, string> { [own.Header] = own.Key } }];
        }

        var endpoints = _directories.Hosts(domain) is { } hosts ? Configured(domain, hosts) : await UsualAsync(domain, cancel).ConfigureAwait(false);
        return [.. endpoints.Where(endpoint => push ? endpoint.CanPush && endpoint.IsUpstream : endpoint.CanPull)];
    }

    /// <summary>Notes that an insecure registry speaks plain HTTP, so that it is tried so first.</summary>
    internal void Answered(RegistryEndpoint endpoint) => _plain[endpoint.Base.Authority] = endpoint.IsPlain;

    private IReadOnlyList<RegistryEndpoint> Configured(string domain, HostsFile file)
    {
        var upstream = domain == Reference.DefaultDomain ? Hub : domain;
        var server = file.Server with { IsUpstream = true };
        var all = file.Hosts.Select(host => host with
        {
            IsUpstream = host.Base.Host == server.Base.Host && host.Base.Port == server.Base.Port,
            Namespace = host.Base.Authority == upstream ? null : domain,
        });
        return file.HasServer || file.Hosts.Count == 0 ? [.. all, server] : [.. all, server with { Base = Address("https", upstream) }];
    }

    private async Task<IReadOnlyList<RegistryEndpoint>> UsualAsync(string domain, CancellationToken cancel)
    {
        var endpoints = new List<RegistryEndpoint>();
        if (domain == Reference.DefaultDomain)
        {
            foreach (var mirror in options().Mirrors)
            {
                endpoints.AddRange(await MirrorAsync(mirror, cancel).ConfigureAwait(false));
            }

            return [.. endpoints, new RegistryEndpoint { Base = Address("https", Hub), Tls = _directories.Tls(domain, skipVerify: false) }];
        }

        return await OneAsync(domain, cancel).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<RegistryEndpoint>> MirrorAsync(string mirror, CancellationToken cancel)
    {
        if (!Uri.TryCreate(mirror.Contains("://", StringComparison.Ordinal) ? mirror : "https://" + mirror, UriKind.Absolute, out var address) || address.UserInfo.Length > 0)
        {
            throw EngineException.Invalid($"invalid mirror: {mirror}");
        }

        var own = new RegistryEndpoint
        {
            Base = new Uri($"{address.GetLeftPart(UriPartial.Path).TrimEnd('/')}/v2/"),
            Tls = _directories.Tls(address.Authority, await IsInsecureAsync(address.Authority, cancel).ConfigureAwait(false)),
        };
        return [own with { IsUpstream = false, CanPush = false }];
    }

    private async Task<IReadOnlyList<RegistryEndpoint>> OneAsync(string domain, CancellationToken cancel)
    {
        if (!await IsInsecureAsync(domain, cancel).ConfigureAwait(false))
        {
            return [new RegistryEndpoint { Base = Address("https", domain), Tls = _directories.Tls(domain, skipVerify: false) }];
        }

        var secure = new RegistryEndpoint { Base = Address("https", domain), Tls = _directories.Tls(domain, skipVerify: true) };
        var plain = new RegistryEndpoint { Base = Address("http", domain) };
        return _plain.GetValueOrDefault(plain.Base.Authority) ? [plain, secure] : [secure, plain];
    }

    private static Uri Address(string scheme, string domain) => new($"{scheme}://{domain}/v2/");

    private async Task<bool> IsInsecureAsync(string domain, CancellationToken cancel)
    {
        var insecure = options().InsecureRegistries;
        if (insecure.Any(name => string.Equals(name, domain, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        var host = Address("https", domain).Host.Trim('[', ']');
        var networks = insecure.Append("127.0.0.0/8").Append("::1/128").Select(Network).OfType<IPNetwork>().ToList();
        foreach (var address in await AddressesAsync(host, cancel).ConfigureAwait(false))
        {
            if (networks.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address)))
            {
                return true;
            }
        }

        return insecure.Any(name => string.Equals(name, host, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(host, cancel).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // Connecting will say so, in words that name the host.
            return [];
        }
    }

    // A host address inside a network, such as 10.1.2.3/8, is taken as Docker takes it.
    private static IPNetwork? Network(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > address.GetAddressBytes().Length * 8)
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xff << (8 - Math.Clamp(bits - (i * 8), 0, 8)));
        }

        return new IPNetwork(new IPAddress(bytes), bits);
    }
}
