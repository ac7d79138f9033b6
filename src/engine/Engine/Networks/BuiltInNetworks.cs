using System.Security.Cryptography;
using System.Text;

namespace Slipway.Engine.Networks;

/// <summary>The networks that are always there: <c>host</c> and <c>none</c>.</summary>
public static class BuiltInNetworks
{
    /// <summary>Names and drivers, in the order of lists.</summary>
    public static IReadOnlyList<(string Name, string Driver)> All { get; } = [("host", "host"), ("none", "null")];

    /// <summary>The id of a built-in network, the same on every machine; empty for any other name.</summary>
    public static string IdOf(string name) => name is "host" or "none"
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("slipway built-in network " + name)))
        : "";

    /// <summary>The built-in network that a name, id or id prefix names.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public static (string Name, string Driver) Get(string reference)
    {
        foreach (var network in All)
        {
            if (network.Name == reference || (reference.Length > 0 && IdOf(network.Name).StartsWith(reference, StringComparison.Ordinal)))
            {
                return network;
            }
        }

        throw EngineException.NotFound($"network {reference} not found");
    }
}
