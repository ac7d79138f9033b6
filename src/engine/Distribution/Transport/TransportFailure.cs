using System.Net.Sockets;
using System.Security.Authentication;
using Slipway.Engine;

namespace Slipway.Distribution.Transport;

/// <summary>Failures below HTTP in Docker's words.</summary>
internal static class TransportFailure
{
    /// <summary>Whether this is a failure of the way to the registry rather than an answer of it.</summary>
    internal static bool Is(Exception failure) =>
        failure is HttpRequestException or IOException or TimeoutException or SocketException or ForbiddenAddressException;

    internal static EngineException Translate(Exception failure, HttpMethod method, Uri address)
    {
        if (Find<ForbiddenAddressException>(failure) is { } forbidden)
        {
            return new EngineException(ErrorKind.Forbidden, forbidden.Message, failure);
        }

        var verb = method.Method[..1] + method.Method[1..].ToLowerInvariant();
        return new EngineException(ErrorKind.Unavailable, $"{verb} \"{RegistryException.Shown(address)}\": {Reason(failure, address)}", failure);
    }

    private static string Reason(Exception failure, Uri address)
    {
        var socket = Find<SocketException>(failure);
        var tls = Find<AuthenticationException>(failure);
        return (socket?.SocketErrorCode, tls) switch
        {
            (SocketError.ConnectionRefused, _) => $"dial tcp {address.Host}:{address.Port}: connect: connection refused",
            (SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain, _) => $"dial tcp: lookup {address.Host}: no such host",
            (SocketError.NetworkUnreachable, _) => $"dial tcp {address.Host}:{address.Port}: connect: network is unreachable",
            (SocketError.HostUnreachable, _) => $"dial tcp {address.Host}:{address.Port}: connect: no route to host",
            (_, not null) when tls.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase) =>
                $"tls: failed to verify certificate: {tls.Message}",
            (_, not null) => $"tls: {tls.Message}",
            _ when Find<TimeoutException>(failure) is not null => "net/http: timeout awaiting response headers",
            _ => (failure.InnerException ?? failure).Message,
        };
    }

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not null and not T)
        {
            failure = failure.InnerException;
        }

        return failure as T;
    }
}
