using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Slipway.Transport;

/// <summary>Puts a TLS handshake before the requests of a connection. A client without an accepted certificate never reaches a route.</summary>
public static class TlsConnections
{
    private static readonly TimeSpan s_handshake = TimeSpan.FromSeconds(10);

    /// <summary>What a connection passes through before its requests.</summary>
    public static ConnectionDelegate Wrap(ConnectionDelegate next, SslServerAuthenticationOptions options, TimeProvider time, ILogger log) =>
        async connection =>
        {
            var plain = connection.Features.Get<SocketConnection>()!;
            await using var tls = new SslStream(plain.Stream, leaveInnerStreamOpen: true);
            using var limit = new CancellationTokenSource(s_handshake, time);
            try
            {
                await tls.AuthenticateAsServerAsync(options, limit.Token);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
            {
                log.LogInformation("TLS handshake failed: {Reason}", e.Message);
                return;
            }

            plain.Tls = tls;
            connection.Transport = new TlsPipe(
                PipeReader.Create(tls, new StreamPipeReaderOptions(leaveOpen: true)),
                new SocketWriter(tls, plain));
            await next(connection);
            await plain.FinishAsync();
        };

    private sealed record TlsPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
