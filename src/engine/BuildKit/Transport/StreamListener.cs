using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Slipway.BuildKit.Transport;

/// <summary>An address that nobody can call: its connections are handed in.</summary>
internal sealed class StreamEndPoint : EndPoint
{
    public override string ToString() => "upgraded connections";
}

/// <summary>Gives Kestrel connections that other endpoints took over.</summary>
internal sealed class StreamListener : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> _waiting = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint { get; } = new StreamEndPoint();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_waiting.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    internal bool Offer(ConnectionContext connection) => _waiting.Writer.TryWrite(connection);
}
