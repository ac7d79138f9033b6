using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Slipway.Api.Routing;
using Slipway.Engine;

namespace Slipway.Api.Hijack;

/// <summary>The opening of a WebSocket (RFC 6455 section 4.2) on a hijacked connection; framing is the base library's.</summary>
internal static class WebSocketHandshake
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Answers the handshake. Disposing the stream ends the connection.</summary>
    /// <exception cref="EngineException">The request is no WebSocket handshake.</exception>
    public static async Task<(HijackedStream Stream, WebSocket Socket)> TakeAsync(ApiCall call)
    {
        var headers = call.Http.Request.Headers;
        var key = headers.SecWebSocketKey.ToString();
        if (key.Length != 24 || !headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            throw EngineException.Invalid("bad websocket handshake: the Upgrade and Sec-WebSocket-Key headers are needed");
        }

#pragma warning disable CA5350 // The handshake is defined with SHA-1; nothing is protected by it.
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
#pragma warning restore CA5350
        var stream = await HijackedStream.TakeWithAsync(
            call, $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n");
        return (stream, WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true }));
    }
}
