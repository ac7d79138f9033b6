using System.Globalization;
using System.Net;

namespace Slipway.Platform.Proxy;

/// <summary>Where a server publishes a port of its proxy (see <c>Server.HttpPort</c>).</summary>
/// <param name="Address">The one address; null for all.</param>
/// <param name="Port">The port, 1 to 65535.</param>
internal readonly record struct ProxyAddress(IPAddress? Address, int Port)
{
    /// <summary>Reads <c>80</c>, <c>127.0.0.1:8080</c> or <c>[::1]:8080</c>.</summary>
    /// <returns>Null for anything else; what to make of that is the engine's to say.</returns>
    internal static ProxyAddress? Parse(string text)
    {
        // The digits of a port alone would be an address, too.
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return port > 0 ? new(null, port) : null;
        }

        return IPEndPoint.TryParse(text, out var end) && end.Port > 0 ? new(end.Address, end.Port) : null;
    }
}
