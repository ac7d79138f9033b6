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

    /// <summary>Keeps what happens from now on for a reader, and what happened before as far as he wants it.</summary>
    /// <param name="sinceNanoseconds">Unix time in nanoseconds from which past events are replayed; null for none.</param>
    /// <param name="untilNanoseconds">Unix time in nanoseconds at which to stop; null for never.</param>
    public EventSubscription Subscribe(long? sinceNanoseconds, long? untilNanoseconds)
    {
        var channel = Channel.CreateBounded<EventMessage>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var since = sinceNanoseconds ?? (untilNanoseconds is null ? null : 0);
        lock (_lock)
        {
            _readers.Add(channel);
            return new EventSubscription(channel, since is null ? [] : [.. _recent.Where(m => m.TimeNano >= since)], untilNanoseconds, _time, Unsubscribe);
        }
    }

    /// <summary>How many read along now.</summary>
    internal int Readers
    {
        get
        {
            lock (_lock)
            {
                return _readers.Count;
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

    /// <summary>Unix time in nanoseconds, as events carry it.</summary>
    internal static long UnixNanoseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks * 100;

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

    private void Unsubscribe(Channel<EventMessage> channel)
    {
        lock (_lock)
        {
            _readers.Remove(channel);
        }
    }

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
