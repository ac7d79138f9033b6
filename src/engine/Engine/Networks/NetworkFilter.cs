using System.Text.RegularExpressions;
using Slipway.DockerApi;

namespace Slipway.Engine.Networks;

/// <summary>Filters of <c>docker network ls</c>.</summary>
internal static class NetworkFilter
{
    private static readonly string[] s_accepted = ["dangling", "driver", "id", "label", "name", "scope", "type"];

    /// <summary>Refuses filters that nobody knows and values that mean nothing.</summary>
    internal static void Check(Filters filters)
    {
        if (filters.Except(s_accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        if (filters["type"].FirstOrDefault(type => type is not ("builtin" or "custom")) is { } type)
        {
            throw EngineException.Invalid($"invalid filter: 'type'='{type}'");
        }

        if (filters["dangling"] is [var first, ..] && (filters["dangling"].Count > 1 || first is not ("true" or "false" or "1" or "0")))
        {
            throw EngineException.Invalid("got more than one value for filter key \"dangling\"");
        }
    }

    /// <summary>Whether a network is wanted.</summary>
    internal static bool Matches(NetworkRecord network, Filters filters, bool inUse) =>
        Any(filters, "name", value => network.Name.Contains(value, StringComparison.Ordinal) || Finds(value, network.Name))
        && Any(filters, "id", value => network.Id.StartsWith(value, StringComparison.Ordinal))
        && Any(filters, "driver", value => value == network.Driver)
        && Any(filters, "scope", value => value == "local")
        && Any(filters, "type", value => network.IsBuiltIn == (value == "builtin"))
        && Any(filters, "dangling", value => (value is "true" or "1") == (!network.IsBuiltIn && !inUse))
        && HasLabels(network, filters);

    /// <summary>Whether a network has all of these labels and none of those.</summary>
    internal static bool HasLabels(NetworkRecord network, Filters filters) =>
        filters["label"].All(condition => Has(network, condition)) && !filters["label!"].Any(condition => Has(network, condition));

    private static bool Any(Filters filters, string name, Func<string, bool> matches) => !filters.Contains(name) || filters[name].Any(matches);

    private static bool Has(NetworkRecord network, string condition)
    {
        var split = condition.IndexOf('=', StringComparison.Ordinal);
        return network.Labels.TryGetValue(split < 0 ? condition : condition[..split], out var value) && (split < 0 || value == condition[(split + 1)..]);
    }

    private static bool Finds(string pattern, string name)
    {
        try
        {
            return Regex.IsMatch(name, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromMilliseconds(100));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
