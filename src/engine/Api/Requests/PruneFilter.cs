using System.Globalization;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Containers;

namespace Slipway.Api.Requests;

/// <summary>What a prune may take: <c>until</c>, <c>label</c>, <c>label!</c>.</summary>
internal static class PruneFilter
{
    /// <summary>Which stopped containers may go.</summary>
    /// <exception cref="EngineException">A filter is unknown or malformed.</exception>
    public static Func<ContainerRecord, bool> Containers(Filters filters, TimeProvider time)
    {
        Check(filters);
        var until = Until(filters, time);
        return record => (until is null || record.Created < until) && Labels(filters, record.Config.Labels);
    }

    /// <summary>The time before which objects must have been made; null for any.</summary>
    /// <exception cref="EngineException">It is no time and no duration.</exception>
    public static DateTimeOffset? Until(Filters filters, TimeProvider time)
    {
        if (!filters.Contains("until"))
        {
            return null;
        }

        if (filters["until"] is not [var text])
        {
            throw EngineException.Invalid("more than one until filter specified");
        }

        if (GoDuration.TryParse(text, out var age))
        {
            return time.GetUtcNow() - age;
        }

        if (TimeQuery.Parse(text) is { } nanoseconds)
        {
            return DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
            : throw EngineException.Invalid($"invalid value for \"until\": \"{text}\" is neither a timestamp nor a duration");
    }

    private static void Check(Filters filters)
    {
        if (filters.Except(["until", "label", "label!"]).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }
    }

    private static bool Labels(Filters filters, IReadOnlyDictionary<string, string>? labels) =>
        filters["label"].All(wanted => Has(labels, wanted)) && !filters["label!"].Any(unwanted => Has(labels, unwanted));

    private static bool Has(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        var equals = wanted.IndexOf('=', StringComparison.Ordinal);
        return labels is not null && labels.TryGetValue(equals < 0 ? wanted : wanted[..equals], out var value)
            && (equals < 0 || value == wanted[(equals + 1)..]);
    }
}
