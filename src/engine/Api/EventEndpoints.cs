using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>What happens, as it happens.</summary>
public sealed class EventEndpoints(SlipwayEngine engine)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes) => routes.Get("/events", StreamAsync);

    private async Task StreamAsync(ApiCall call)
    {
        var since = TimeQuery.Nanoseconds(call.Query, "since");
        var until = TimeQuery.Nanoseconds(call.Query, "until");
        if (until < since)
        {
            throw EngineException.Invalid($"`since` time ({call.Query["since"]}) cannot be after `until` time ({call.Query["until"]})");
        }

        var matches = EventQuery.Matches(call.Query.Filters());
        await using var watch = call.WatchClient();

        // Before the client is told: whoever has seen the answer begin misses nothing.
        using var events = engine.Events.Subscribe(since, until);
        await call.BeginStreamAsync("application/json");
        try
        {
            await foreach (var message in events.ReadAsync(matches, watch.Gone))
            {
                await JsonLines.WriteAsync(call, WithOldFields(message), DockerJson.Wire.EventMessage);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, or the daemon stops: that is how a stream without end ends.
        }
    }

    // Before there were actors, containers and images were told about in three fields that many clients still read.
    private static EventMessage WithOldFields(EventMessage message) => message.Type switch
    {
        "container" => message with { Status = message.Action, Id = message.Actor.ID, From = message.Actor.Attributes.GetValueOrDefault("image") },
        "image" => message with { Status = message.Action, Id = message.Actor.ID },
        _ => message,
    };
}
