using System.Collections;
using System.Collections.Immutable;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>Variables at one point of a stage: what commands see, build arguments included. Immutable, so that ten thousand steps share them.</summary>
internal sealed class Variables : IReadOnlyList<string>
{
    private readonly ImmutableSortedDictionary<string, string> values;

    private Variables(ImmutableSortedDictionary<string, string> values) => this.values = values;

    internal static Variables Empty { get; } = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <inheritdoc/>
    public int Count => values.Count;

    internal IEnumerable<string> Names => values.Keys;

    /// <inheritdoc/>
    public string this[int index] => this.ElementAt(index);

    internal string? Get(string name) => values.GetValueOrDefault(name);

    internal Variables Set(string name, string value) => new(values.SetItem(name, value));

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => values.Select(pair => $"{pair.Key}={pair.Value}").GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Arguments that every build has: platforms and the target's name (Dockerfile reference, "Automatic platform ARGs").</summary>
internal static class PlatformArguments
{
    internal static Variables For(GraphOptions options)
    {
        var variables = Variables.Empty;
        foreach (var (name, value) in All(options))
        {
            variables = variables.Set(name, options.BuildArgs.TryGetValue(name, out var given) && given is not null ? given : value);
        }

        return variables;
    }

    private static IEnumerable<(string Name, string Value)> All(GraphOptions options) =>
        One("BUILD", options.BuildPlatform).Concat(One("TARGET", options.TargetPlatform))
            .Append(("TARGETSTAGE", options.Target.Length > 0 ? options.Target : "default"));

    private static IEnumerable<(string Name, string Value)> One(string prefix, Platform platform) =>
    [
        (prefix + "PLATFORM", platform.ToString()), (prefix + "OS", platform.Os), (prefix + "OSVERSION", platform.OsVersion ?? ""),
        (prefix + "ARCH", platform.Architecture), (prefix + "VARIANT", platform.Variant ?? ""),
    ];
}
