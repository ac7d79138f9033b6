using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Events;

namespace Slipway.Engine.Tests.Events;

public sealed class EventLogTests
{
    private readonly EventLog _log = new(TimeProvider.System, NullLogger.Instance);

    [Fact]
    public async Task WhatHappensBetweenSubscribingAndReadingIsTold()
    {
        Tell("before");
        using var subscription = _log.Subscribe(sinceNanoseconds: null, untilNanoseconds: null);
        Tell("between");
        await using var events = subscription.ReadAsync(_ => true, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("between", events.Current.Actor.ID);
        var next = events.MoveNextAsync();
        Assert.False(next.IsCompleted);
        Tell("later");
        Assert.True(await next);
        Assert.Equal("later", events.Current.Actor.ID);
    }

    [Fact]
    public async Task ReadingEndsAtItsTime()
    {
        Tell("past");
        var until = EventLog.UnixNanoseconds(DateTimeOffset.UtcNow.AddMilliseconds(300));
        using var subscription = _log.Subscribe(sinceNanoseconds: 0, until);
        Tell("now");
        var seen = await subscription.ReadAsync(e => e.Action == "create", CancellationToken.None).Select(e => e.Actor.ID).ToListAsync(CancellationToken.None);
        Assert.Equal(["past", "now"], seen);
        Assert.True(EventLog.UnixNanoseconds(DateTimeOffset.UtcNow) >= until);
    }

    private void Tell(string id) => _log.Publish("volume", "create", id, new Dictionary<string, string>());
}
