using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Slipway.Transport;

/// <summary>
/// Notices that a client has left while its request waits for something to happen (a wait, followed logs, events). A client that has
/// only stopped sending is still served.
/// </summary>
public sealed class ClientWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly SocketConnection? _connection;
    private readonly PipeReader? _input;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _gone;
    private readonly CancellationTokenSource _done = new();
    private readonly Task _watching;

    /// <summary>Starts to watch. The request's body must have been read, and nothing else may read from the connection until the watch is disposed.</summary>
    public ClientWatch(HttpContext http, TimeProvider time, CancellationToken stopping)
    {
        _connection = http.Features.Get<SocketConnection>();
        _input = http.Features.Get<IConnectionTransportFeature>()?.Transport.Input is { } input ? (input as ConnectionInput)?.Inner ?? input : null;
        _time = time;
        _gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        _watching = _connection is null || _input is null ? Task.CompletedTask : WatchAsync(_input, _connection);
    }

    /// <summary>Cancelled when the client is gone or the daemon stops.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _watching;
        _done.Dispose();
        _gone.Dispose();
    }

    private async Task WatchAsync(PipeReader input, SocketConnection connection)
    {
        try
        {
            var result = await input.ReadAsync(_done.Token);
            input.AdvanceTo(result.Buffer.Start);

            // Data is the next request of an impatient client: it stays in the buffer, and the client evidently is there.
            if (result.IsCompleted && result.Buffer.IsEmpty)
            {
                await WaitForCloseAsync(connection, _time, _done.Token);
                await _gone.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The request ended first.
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            await _gone.CancelAsync();
        }
    }

    /// <summary>After the end of input: returns when the client has closed its other half too.</summary>
    internal static async Task WaitForCloseAsync(SocketConnection connection, TimeProvider time, CancellationToken cancel)
    {
        if (connection.LocalEndPoint?.AddressFamily != AddressFamily.Unix)
        {
            return;
        }

        while (!connection.PeerClosed())
        {
            await Task.Delay(s_interval, time, cancel);
        }
    }
}
