using System.Globalization;
using System.IO.Enumeration;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>The filters of list and prune, checked once and then applied to each image.</summary>
internal sealed class ImageFilter
{
    private static readonly string[] ForList = ["dangling", "label", "before", "since", "reference", "until"];
    private static readonly string[] ForPrune = ["dangling", "label", "label!", "until"];

    private readonly Filters _filters;
    private readonly DateTimeOffset? _before;
    private readonly DateTimeOffset? _since;
    private readonly bool? _dangling;

    private ImageFilter(Filters filters, string[] accepted, ImageTable images, TimeProvider time)
    {
        _filters = filters;
        if (filters.Except(accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        _dangling = Flag(filters["dangling"]);
        var until = filters["until"].Count > 1
            ? throw EngineException.Invalid("more than one until filter specified")
            : filters["until"].Select(text => Time(text, time)).Cast<DateTimeOffset?>().FirstOrDefault();
        var before = filters["before"].Select(name => images.Resolve(name).Created).Cast<DateTimeOffset?>().Min();
        _before = until is { } limit && (before is null || limit < before) ? limit : before;
        _since = filters["since"].Select(name => images.Resolve(name).Created).Cast<DateTimeOffset?>().Max();
    }

    /// <summary>Whether only nameless (true) or only named (false) images are wanted; null for both.</summary>
    internal bool? Dangling => _dangling;

    internal static ImageFilter List(Filters filters, ImageTable images, TimeProvider time) => new(filters, ForList, images, time);

    internal static ImageFilter Prune(Filters filters, ImageTable images, TimeProvider time) => new(filters, ForPrune, images, time);

    /// <summary>Whether the image's age and labels fit.</summary>
    internal bool Matches(Image image)
    {
        var created = image.Created;
        if ((_before is { } before && created >= before) || (_since is { } since && created <= since))
        {
            return false;
        }

        var labels = image.Readable ? image.Config.Config?.Labels : null;
        return _filters["label"].All(label => HasLabel(labels, label))
            && (!_filters.Contains("label!") || !_filters["label!"].All(label => HasLabel(labels, label)));
    }

    /// <summary>Whether a name is one that is asked for; all are when nothing is.</summary>
    internal bool MatchesName(Reference name) =>
        !_filters.Contains("reference") || _filters["reference"].Any(pattern => GlobMatch(pattern, name.Familiar) || GlobMatch(pattern, name.FamiliarName));

    /// <summary>Whether names are filtered at all.</summary>
    internal bool ByName => _filters.Contains("reference");

    private static bool HasLabel(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        var parts = wanted.Split('=', 2);
        return labels is not null && labels.TryGetValue(parts[0], out var value) && (parts.Length == 1 || value == parts[1]);
    }

    // A star stops at slashes, as Go's path.Match has it: part by part.
    private static bool GlobMatch(string pattern, string name)
    {
        var patterns = pattern.Split('/');
        var names = name.Split('/');
        return patterns.Length == names.Length
            && patterns.Zip(names).All(part => FileSystemName.MatchesSimpleExpression(part.First, part.Second, ignoreCase: false));
    }

    private static bool? Flag(IReadOnlyList<string> values) => values switch
    {
        [] => null,
        ["1" or "t" or "T" or "true" or "True" or "TRUE"] => true,
        ["0" or "f" or "F" or "false" or "False" or "FALSE"] => false,
        _ => throw EngineException.Invalid($"invalid filter 'dangling=[{string.Join(' ', values)}]'"),
    };

    // A duration back from now, seconds since 1970, or RFC 3339.
    internal static DateTimeOffset Time(string text, TimeProvider time)
    {
        if (GoDuration.TryParse(text, out var nanoseconds) && text != "0")
        {
            return time.GetUtcNow().AddTicks(-nanoseconds / 100);
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 253402300800m)
        {
            return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        return GoTime.TryParse(text, out var at) || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at)
            ? at
            : throw EngineException.Invalid($"invalid filter 'until={text}'");
    }
}
