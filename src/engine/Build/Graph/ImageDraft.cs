using System.Collections.Immutable;
using System.Text.Json;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>An image's config while its stage is walked. Immutable collections, so that keeping every point of it costs little.</summary>
internal sealed record ImageDraft
{
    /// <summary>The search path when an image has none.</summary>
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement.Clone();

    internal required ExecutionConfig Config { get; init; }

    internal required ImmutableList<string> Environment { get; init; }

    internal required ImmutableDictionary<string, int> Places { get; init; }

    internal required ImmutableList<HistoryEntry> History { get; init; }

    internal required ImmutableSortedDictionary<string, JsonElement> Ports { get; init; }

    internal required ImmutableSortedDictionary<string, JsonElement> Volumes { get; init; }

    internal required ImmutableSortedDictionary<string, string> Labels { get; init; }

    internal string? Author { get; init; }

    internal required Platform Platform { get; init; }

    /// <summary>An image without anything.</summary>
    internal static ImageDraft Scratch(Platform platform) => Of(new ImageConfig
    {
        Architecture = platform.Architecture, Os = platform.Os, Variant = platform.Variant, OsVersion = platform.OsVersion,
        OsFeatures = platform.OsFeatures, Config = new ExecutionConfig { WorkingDir = "/" },
    });

    /// <summary>What a base image hands on.</summary>
    internal static ImageDraft Of(ImageConfig image)
    {
        var config = image.Config ?? new ExecutionConfig();
        var draft = new ImageDraft
        {
            Config = config, History = [.. image.History], Author = image.Author, Platform = image.Platform,
            Environment = [], Places = ImmutableDictionary.Create<string, int>(StringComparer.Ordinal),
            Ports = Sorted(config.ExposedPorts), Volumes = Sorted(config.Volumes), Labels = Sorted(config.Labels),
        };
        foreach (var entry in config.Env ?? [])
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            draft = draft.SetVariable(equals < 0 ? entry : entry[..equals], equals < 0 ? "" : entry[(equals + 1)..]);
        }

        return draft.Places.ContainsKey("PATH") || image.Os == "windows" ? draft : draft.SetVariable("PATH", DefaultPath["PATH=".Length..]);
    }

    internal ImageDraft SetVariable(string name, string value)
    {
        var entry = $"{name}={value}";
        return Places.TryGetValue(name, out var place)
            ? this with { Environment = Environment.SetItem(place, entry) }
            : this with { Environment = Environment.Add(entry), Places = Places.Add(name, Environment.Count) };
    }

    internal ImageDraft Expose(IEnumerable<string> ports) =>
        this with { Ports = Ports.SetItems(ports.Select(port => KeyValuePair.Create(port, Nothing))) };

    internal ImageDraft AddVolumes(IEnumerable<string> paths) =>
        this with { Volumes = Volumes.SetItems(paths.Select(path => KeyValuePair.Create(path, Nothing))) };

    internal ImageDraft SetLabel(string name, string value) => this with { Labels = Labels.SetItem(name, value) };

    internal ImageDraft Commit(HistoryEntry entry) => this with { History = History.Add(entry) };

    /// <summary>How a container would run now.</summary>
    internal ExecutionConfig Execution() => Config with
    {
        Env = Environment.Count > 0 ? Environment : Config.Env,
        ExposedPorts = Ports.Count > 0 ? Ports : Config.ExposedPorts,
        Volumes = Volumes.Count > 0 ? Volumes : Config.Volumes,
        Labels = Labels.Count > 0 ? Labels : Config.Labels,
    };

    /// <summary>The image's config, without layers and time.</summary>
    internal ImageConfig Finish(GraphOptions options)
    {
        var labelled = options.Labels.Aggregate(this, (draft, label) => draft.SetLabel(label.Key, label.Value));
        return new ImageConfig
        {
            Author = Author, Architecture = Platform.Architecture, Os = Platform.Os, Variant = Platform.Variant,
            OsVersion = Platform.OsVersion, OsFeatures = Platform.OsFeatures, Config = labelled.Execution(), History = History,
        };
    }

    private static ImmutableSortedDictionary<string, T> Sorted<T>(IReadOnlyDictionary<string, T>? items) =>
        (items ?? new Dictionary<string, T>()).ToImmutableSortedDictionary(StringComparer.Ordinal);
}
