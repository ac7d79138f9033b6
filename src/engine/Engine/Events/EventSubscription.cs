using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Slipway.DockerApi;

namespace Slipway.Engine.Events;

/// <summary>Events that wait for one reader, from <see cref="EventLog.Subscribe"/> until this is disposed.</summary>
public sealed class EventSubscription : IDisposable
{
    private readonly Channel<EventMessage> _channel;
    private readonly EventMessage[] _past;
    private readonly long? _until;
    private readonly TimeProvider _time;
    private readonly Action<Channel<EventMessage>> _end;

    internal EventSubscription(Channel<EventMessage> channel, EventMessage[] past, long? untilNanoseconds, TimeProvider time, Action<Channel<EventMessage>> end) =>
        (_channel, _past, _until, _time, _end) = (channel, past, untilNanoseconds, time, end);

    /// <summary>Events that match, past ones first. Ends at the time that was given to the subscription, or never. To be read once.</summary>
    /// <param name="matches">Which events the caller wants.</param>
    /// <param name="cancel">Ends the reading.</param>
    public async IAsyncEnumerable<EventMessage> ReadAsync(Func<EventMessage, bool> matches, [EnumeratorCancellation] CancellationToken cancel)
    {
        bool Wanted(EventMessage message) => message.TimeNano <= (_until ?? long.MaxValue) && matches(message);
        foreach (var message in _past.Where(Wanted))
        {
            yield return message;
        }

        using var end = CompleteLater();
        await foreach (var message in _channel.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            if (Wanted(message))
            {
                yield return message;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _end(_channel);

    private ITimer? CompleteLater()
    {
        if (_until is not { } until)
        {
            return null;
        }

        var left = TimeSpan.FromTicks(Math.Clamp((until - EventLog.UnixNanoseconds(_time.GetUtcNow())) / 100, 0, TimeSpan.FromDays(40).Ticks));
        return _time.CreateTimer(_ => _channel.Writer.TryComplete(), null, left, Timeout.InfiniteTimeSpan);
    }
}
