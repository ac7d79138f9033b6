using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;

namespace Slipway.Engine.Events;

/// <summary>
/// What happened, for <c>GET /events</c>: the last <see cref="Capacity"/> messages are kept for <c>since</c>, newer ones are handed to
/// every reader. A reader that falls <see cref="Capacity"/> messages behind loses the oldest, so that it cannot hold up the engine.
/// </summary>
public sealed class EventLog
{
    /// <summary>How many messages are kept, and how many may wait for one reader.</summary>
    public const int Capacity = 1024;

    private readonly Lock _lock = new();
    private readonly Queue<EventMessage> _recent = new();
    private readonly List<Channel<EventMessage>> _readers = [];
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly EventFile? _file;
    private long _lastNanoseconds;

    internal EventLog(TimeProvider time, ILogger log, EventFile? file = null)
    {
        (_time, _log, _file) = (time, log, file);
        foreach (var message in file?.Read() ?? [])
        {
            Keep(message);
            _lastNanoseconds = Math.Max(_lastNanoseconds, message.TimeNano);
        }
    }

    /// <summary>Records an event and hands it to the readers.</summary>
    /// <param name="type">Kind of object: <c>container</c>, <c>image</c>, <c>volume</c>, <c>network</c>, <c>daemon</c>.</param>
    /// <param name="action">What happened, for example <c>start</c>.</param>
    /// <param name="actorId">The object's id or name.</param>
    /// <param name="attributes">Attributes such as name, image and labels.</param>
    public void Publish(string type, string action, string actorId, IReadOnlyDictionary<string, string> attributes)
    {
        Write(type, action, actorId, attributes);
        lock (_lock)
        {
            // Two events never share a time, so that a client can go on from the last one it saw.
            _lastNanoseconds = Math.Max(_lastNanoseconds + 1, UnixNanoseconds(_time.GetUtcNow()));
            var message = Message(type, action, actorId, attributes, _lastNanoseconds);
            Keep(message);
            _file?.Write(message);
            foreach (var reader in _readers)
            {
                reader.Writer.TryWrite(message);
            }
        }
    }

    /// <summary>Events that match, past ones first. Ends at <paramref name="untilNanoseconds"/>, or never.</summary>
    /// <param name="matches">Which events the caller wants.</param>
    /// <param name="sinceNanoseconds">Unix time in nanoseconds from which past events are replayed; null for none.</param>
    /// <param name="untilNanoseconds">Unix time in nanoseconds at which to stop; null for never.</param>
    /// <param name="cancel">Ends the reading.</param>
    public async IAsyncEnumerable<EventMessage> ReadAsync(Func<EventMessage, bool> matches, long? sinceNanoseconds, long? untilNanoseconds, [EnumeratorCancellation] CancellationToken cancel)
    {
        var channel = Channel.CreateBounded<EventMessage>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var past = Subscribe(channel, sinceNanoseconds ?? (untilNanoseconds is null ? null : 0));
        try
        {
            foreach (var message in past)
            {
                if (message.TimeNano <= (untilNanoseconds ?? long.MaxValue) && matches(message))
                {
                    yield return message;
                }
            }

            CompleteAt(channel, untilNanoseconds, stop.Token);
            await foreach (var message in channel.Reader.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                if (message.TimeNano <= (untilNanoseconds ?? long.MaxValue) && matches(message))
                {
                    yield return message;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            lock (_lock)
            {
                _readers.Remove(channel);
            }
        }
    }

    /// <summary>Containers whose last start has been told and whose end since then has not, as far back as messages are kept.</summary>
    internal HashSet<string> Unended()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (var message in _recent.Where(m => m.Type == "container"))
            {
                _ = message.Action switch
                {
                    "start" => ids.Add(message.Actor.ID),
                    "die" or "destroy" => ids.Remove(message.Actor.ID),
                    _ => false,
                };
            }
        }

        return ids;
    }

    private void Keep(EventMessage message)
    {
        _recent.Enqueue(message);
        if (_recent.Count > Capacity)
        {
            _recent.Dequeue();
        }
    }

    // An exec's action carries its command line, which may hold secrets, and health checks make many of them.
    private void Write(string type, string action, string actorId, IReadOnlyDictionary<string, string> attributes)
    {
        var isExec = action.StartsWith("exec_", StringComparison.Ordinal);
        var verb = isExec ? action.Split(':', 2)[0] : action;
        var id = actorId.Length == 64 ? actorId[..12] : actorId;
        _log.Log(isExec ? LogLevel.Debug : LogLevel.Information, "{Type} {Verb} {Id} {Name}", type, verb, id, attributes.GetValueOrDefault("exitCode") is { } code ? $"{attributes.GetValueOrDefault("name")} exit={code}" : attributes.GetValueOrDefault("name"));
    }

    private EventMessage[] Subscribe(Channel<EventMessage> channel, long? since)
    {
        lock (_lock)
        {
            _readers.Add(channel);
            return since is null ? [] : [.. _recent.Where(m => m.TimeNano >= since)];
        }
    }

    private void CompleteAt(Channel<EventMessage> channel, long? untilNanoseconds, CancellationToken cancel)
    {
        if (untilNanoseconds is not { } until)
        {
            return;
        }

        var left = TimeSpan.FromTicks(Math.Min((until - UnixNanoseconds(_time.GetUtcNow())) / 100, TimeSpan.FromDays(40).Ticks));
        if (left <= TimeSpan.Zero)
        {
            channel.Writer.TryComplete();
            return;
        }

        _ = Task.Delay(left, _time, cancel).ContinueWith(_ => channel.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static long UnixNanoseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static EventMessage Message(string type, string action, string actorId, IReadOnlyDictionary<string, string> attributes, long nanoseconds) => new()
    {
        Type = type,
        Action = action,
        Actor = new EventActor { ID = actorId, Attributes = attributes },
        Scope = "local",
        Time = nanoseconds / 1_000_000_000,
        TimeNano = nanoseconds,
    };
}
