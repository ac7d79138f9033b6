using System.Security.Cryptography;
using System.Text;

namespace Slipway.Engine.Networks;

/// <summary>The networks that are always there.</summary>
public static class BuiltInNetworks
{
    /// <summary>The default bridge.</summary>
    public const string Bridge = "bridge";

    /// <summary>The host's own network.</summary>
    public const string Host = "host";

    /// <summary>A loopback device and nothing else.</summary>
    public const string None = "none";

    /// <summary>The two that need no set-up.</summary>
    public static IReadOnlyList<NetworkRecord> Plain { get; } = [Make(Host, "host"), Make(None, "null")];

    /// <summary>The id of a built-in network, the same on every machine.</summary>
    public static string IdOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("slipway built-in network " + name)));

    private static NetworkRecord Make(string name, string driver) => new() { Id = IdOf(name), Name = name, Driver = driver, EnableIPv4 = true };
}
