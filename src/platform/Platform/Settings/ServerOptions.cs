using System.Net;

namespace Slipway.Platform.Settings;

/// <summary>What the command line says.</summary>
public sealed record ServerOptions
{
    /// <summary>Directory of everything the platform keeps.</summary>
    public string DataRoot { get; init; } = "/var/lib/slipway-server";

    /// <summary>Where the API and the pages are served, over plain HTTP.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 7070);

    /// <summary>Address of the first server's engine.</summary>
    public string Engine { get; init; } = "unix:///run/slipway/slipway.sock";

    /// <summary>Port of the first server's proxy for HTTP.</summary>
    public string HttpPort { get; init; } = "80";

    /// <summary>Port of the first server's proxy for HTTPS.</summary>
    public string HttpsPort { get; init; } = "443";

    /// <summary>Directory of the ACME authority that certificates come from; null for the proxy's usual ones.</summary>
    public string? AcmeAuthority { get; init; }

    /// <summary>File with the certificate (PEM) by which that authority's own server is known; null for what everybody trusts.</summary>
    public string? AcmeRoot { get; init; }

    /// <summary>Image of the proxy.</summary>
    public string ProxyImage { get; init; } = "slipway/caddy:latest";

    /// <summary>Applications without a domain of their own get NAME below this one.</summary>
    public string BaseDomain { get; init; } = "localhost";

    /// <summary>Whether sources may be at <c>file://</c>, plain HTTP and addresses of this machine or its private networks.</summary>
    public bool AllowLocalSources { get; init; }

    /// <summary>Private networks whose git hosts and registries applications may name.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>A PEM file with certificates of further authorities that builds trust; null for none.</summary>
    public string? BuildCertificates { get; init; }

    /// <summary>Names under which the API itself may be called, besides addresses and <c>localhost</c>.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">It makes no sense.</exception>
    public static ServerOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ServerOptions();
        for (var index = 0; index < arguments.Count; index++)
        {
            var name = arguments[index];
            if (name == "--allow-local-sources")
            {
                options = options with { AllowLocalSources = true };
                continue;
            }

            var equals = name.IndexOf('=', StringComparison.Ordinal);
            var value = equals > 0 ? name[(equals + 1)..] : ++index < arguments.Count ? arguments[index] : throw new FormatException($"{name} needs a value");
            options = options.With(equals > 0 ? name[..equals] : name, value);
        }

        return options;
    }

    private ServerOptions With(string name, string value) => name switch
    {
        "--data-root" => this with { DataRoot = Path.GetFullPath(value) },
        "--listen" => this with { Listen = IPEndPoint.Parse(value) },
        "--engine" => this with { Engine = value },
        "--http-port" => this with { HttpPort = value },
        "--https-port" => this with { HttpsPort = value },
        "--acme-ca" => this with { AcmeAuthority = value },
        "--acme-ca-root" => this with { AcmeRoot = Path.GetFullPath(value) },
        "--proxy-image" => this with { ProxyImage = value },
        "--base-domain" => this with { BaseDomain = value },
        "--allow-network" => this with { AllowedNetworks = [.. AllowedNetworks, IPNetwork.Parse(value)] },
        "--build-ca" => this with { BuildCertificates = File.Exists(value) ? Path.GetFullPath(value) : throw new FormatException($"there is no file {value}") },
        "--host" => this with { Hosts = [.. Hosts, value] },
        _ => throw new FormatException($"unknown option {name}"),
    };
}
