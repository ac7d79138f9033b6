using System.Text.RegularExpressions;
using Slipway.DockerApi;

namespace Slipway.Engine.Volumes;

/// <summary>The filters of listing and pruning.</summary>
internal static class VolumeFilter
{
    /// <summary>Refuses filters that are not among the accepted ones.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    internal static void Check(Filters filters, params string[] accepted)
    {
        if (filters.Except(accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }
    }

    /// <summary>A filter that is true or false; null when it is not in use.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for another value, or for both.</exception>
    internal static bool? Flag(Filters filters, string name)
    {
        if (!filters.Contains(name))
        {
            return null;
        }

        var values = filters[name];
        var yes = values.Any(value => value is "1" or "true" or "True" or "TRUE" or "t" or "T");
        var no = values.Any(value => value is "0" or "false" or "False" or "FALSE" or "f" or "F");
        return yes != no ? yes : throw EngineException.Invalid($"invalid filter '{name}=[{string.Join(' ', values)}]'");
    }

    /// <summary>Whether the labels satisfy every <c>label</c> and no <c>label!</c> condition.</summary>
    internal static bool LabelsMatch(Volume volume, Filters filters) =>
        filters["label"].All(condition => Has(volume, condition)) && !filters["label!"].Any(condition => Has(volume, condition));

    /// <summary>Whether one of the values is a part of the name, or a regular expression that finds something in it.</summary>
    internal static bool NameMatches(Volume volume, Filters filters) =>
        !filters.Contains("name") || filters["name"].Any(value => value == volume.Name || Finds(value, volume.Name));

    private static bool Has(Volume volume, string condition)
    {
        var split = condition.IndexOf('=', StringComparison.Ordinal);
        var key = split < 0 ? condition : condition[..split];
        return volume.Record.Labels?.TryGetValue(key, out var value) == true && (split < 0 || value == condition[(split + 1)..]);
    }

    // Without backtracking, so that a hostile expression costs linear time.
    private static bool Finds(string expression, string name)
    {
        try
        {
            return Regex.IsMatch(name, expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return name.Contains(expression, StringComparison.Ordinal);
        }
    }
}
