using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>The filters of <c>docker events</c>.</summary>
internal static class EventQuery
{
    private static readonly string[] s_objects = ["config", "container", "daemon", "image", "network", "node", "plugin", "secret", "service", "volume"];

    /// <summary>Which events match.</summary>
    /// <exception cref="EngineException">A filter is unknown.</exception>
    public static Func<EventMessage, bool> Matches(Filters filters)
    {
        if (filters.Except([.. s_objects, "event", "label", "scope", "type"]).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        return filters.IsEmpty ? _ => true : e => Matches(e, filters);
    }

    private static bool Matches(EventMessage e, Filters filters) =>
        Any(filters, "event", value => e.Action == value || e.Action.StartsWith(value + ":", StringComparison.Ordinal))
        && Any(filters, "type", value => e.Type == value)
        && Any(filters, "scope", value => e.Scope == value)
        && filters["label"].All(value => HasLabel(e, value))
        && s_objects.All(kind => Any(filters, kind, value => IsAbout(e, kind, value)));

    // An event of a container is also about the image that it runs.
    private static bool IsAbout(EventMessage e, string kind, string value)
    {
        var attributes = e.Actor.Attributes;
        if (kind == "image" && e.Type is "container")
        {
            return attributes.TryGetValue("image", out var image) && WithoutTag(image) == WithoutTag(value);
        }

        if (e.Type != kind)
        {
            return e.Type == "network" && kind == "container" && attributes.GetValueOrDefault("container") == value;
        }

        var name = attributes.GetValueOrDefault("name", "");
        return e.Actor.ID.StartsWith(value, StringComparison.Ordinal) || name == value || (kind == "image" && WithoutTag(name) == WithoutTag(value));
    }

    private static string WithoutTag(string image)
    {
        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? image[..colon] : image;
    }

    private static bool HasLabel(EventMessage e, string wanted)
    {
        var equals = wanted.IndexOf('=', StringComparison.Ordinal);
        var key = equals < 0 ? wanted : wanted[..equals];
        return e.Actor.Attributes.TryGetValue(key, out var value) && (equals < 0 || value == wanted[(equals + 1)..]);
    }

    private static bool Any(Filters filters, string name, Func<string, bool> matches) => !filters.Contains(name) || filters[name].Any(matches);
}
