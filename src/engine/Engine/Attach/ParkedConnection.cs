using System.Net.Sockets;

namespace Slipway.Engine.Attach;

/// <summary>
/// A connection to a monitor that must stay open although its client has left. What arrives is thrown away, since conmon would wait
/// for it to be taken, until another client takes the connection over.
/// </summary>
internal sealed class ParkedConnection : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _connection;
    private readonly Task<bool> _draining;

    internal ParkedConnection(Socket connection)
    {
        _connection = connection;
        _draining = DrainAsync();
    }

    /// <summary>Ends the draining.</summary>
    /// <returns>The connection, which the caller owns; null when the monitor has closed it.</returns>
    internal async Task<Socket?> TakeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        var open = await _draining.ConfigureAwait(false);
        _stop.Dispose();
        if (open)
        {
            return _connection;
        }

        _connection.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    // Whether the connection was still open when it was taken. A packet that does not fit is cut, which here is the same.
    private async Task<bool> DrainAsync()
    {
        var buffer = new byte[1];
        try
        {
            while (await _connection.ReceiveAsync(buffer, _stop.Token).ConfigureAwait(false) > 0)
            {
            }

            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
