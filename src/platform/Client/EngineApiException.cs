using System.Net.Sockets;

namespace Slipway.Client;

/// <summary>The engine refused a request; the message is the engine's.</summary>
public sealed class EngineApiException(int statusCode, string message) : Exception(message)
{
    /// <summary>HTTP status, 400 or above.</summary>
    public int StatusCode { get; } = statusCode;
}

/// <summary>No engine answers at an address.</summary>
public sealed class EngineUnreachableException(EngineAddress address, SocketException inner)
    : Exception($"Cannot connect to the Docker daemon at {address}. Is the docker daemon running?", inner);
