using System.Globalization;
using System.Net;
using Slipway.Distribution.Copies;
using Slipway.Registry;

namespace Slipway.Daemon.Options;

/// <summary>What the daemon was told about its own registry.</summary>
public sealed class RegistrySettings
{
    /// <summary>Where it listens when nothing is said.</summary>
    public const string DefaultListen = "127.0.0.1:5000";

    /// <summary><c>--registry-listen</c>: <c>ADDRESS:PORT</c>, <c>off</c>, or null for the default.</summary>
    public string? Listen { get; set; }

    /// <summary><c>--registry-htpasswd</c>.</summary>
    public string? UsersFile { get; set; }

    /// <summary><c>--registry-tls-cert</c>.</summary>
    public string? Certificate { get; set; }

    /// <summary><c>--registry-tls-key</c>.</summary>
    public string? Key { get; set; }

    /// <summary><c>--registry-read-only</c>.</summary>
    public bool ReadOnly { get; set; }

    /// <summary><c>--registry-quota</c> in bytes; 0 for none.</summary>
    public long Quota { get; set; }

    /// <summary><c>--registry-proxy</c>.</summary>
    public List<UpstreamRegistry> Upstreams { get; } = [];

    /// <summary><c>--registry-proxy-auth</c>.</summary>
    public string? UpstreamCredentials { get; set; }

    /// <summary><c>--registry-proxy-size</c> in bytes; 0 for no bound.</summary>
    public long UpstreamSize { get; set; }

    /// <summary><c>--registry-keep</c>.</summary>
    public List<RetentionRule> Retention { get; } = [];

    /// <summary>Reads <c>PATTERN=COUNT</c>.</summary>
    /// <exception cref="OptionException">It is malformed.</exception>
    public void AddRetention(string value)
    {
        var at = value.LastIndexOf('=');
        Retention.Add(at > 0 && value[..at].Contains(':', StringComparison.Ordinal) && int.TryParse(value.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var keep)
            ? new RetentionRule(value[..at], keep)
            : throw OptionValues.Bad("registry-keep", value, "REPOSITORY:TAG=COUNT, such as team/*:build-*=10"));
    }

    /// <summary>Reads <c>PREFIX=REGISTRY</c>.</summary>
    /// <exception cref="OptionException">It is malformed.</exception>
    public void AddUpstream(string value) => Upstreams.Add(UpstreamRegistry.TryParse(value, out var upstream)
        ? upstream
        : throw OptionValues.Bad("registry-proxy", value, "REGISTRY, PREFIX=REGISTRY or *=REGISTRY, such as docker.io or corp=registry.corp.example:5000"));

    /// <summary>Refuses what would open the registry to strangers.</summary>
    /// <exception cref="OptionException">It would.</exception>
    public void Check()
    {
        if ((Certificate is null) != (Key is null))
        {
            throw new OptionException("registry-tls-cert and registry-tls-key belong together");
        }

        if (Listen is { } listen and not "off" && UsersFile is null && !IPAddress.IsLoopback(RegistryAddresses.Parse(listen).Address))
        {
            throw new OptionException($"registry-listen {listen}: whoever reaches it could change every image; name users with --registry-htpasswd");
        }
    }
}

/// <summary>Reads addresses of the registry.</summary>
public static class RegistryAddresses
{
    /// <summary>Reads <c>ADDRESS:PORT</c>; <c>localhost</c> and an empty address (all) are understood.</summary>
    /// <exception cref="OptionException">It is malformed.</exception>
    public static IPEndPoint Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon >= 0 ? text[..colon] : "";
        var address = host switch { "localhost" => IPAddress.Loopback, "" => IPAddress.Any, _ => IPAddress.TryParse(host.Trim('[', ']'), out var parsed) ? parsed : null };
        return colon >= 0 && address is not null && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? new IPEndPoint(address, port)
            : throw OptionValues.Bad("registry-listen", text, "ADDRESS:PORT with an IP address, or off");
    }

    /// <summary>The text, if it is an address.</summary>
    public static string Check(string text)
    {
        Parse(text);
        return text;
    }
}
