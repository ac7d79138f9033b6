namespace Slipway.BuildKit.Sync;

/// <summary>What of a client's directory is wanted.</summary>
/// <param name="Name">The directory's name in the session: <c>context</c>, <c>dockerfile</c>, or that of a further context.</param>
internal sealed record DirectoryRequest(string Name)
{
    /// <summary>Patterns of what is left out, in the order of <c>.dockerignore</c>.</summary>
    internal IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Only these paths, and what their links lead to; empty for everything.</summary>
    internal IReadOnlyList<string> FollowPaths { get; init; } = [];

    /// <summary>As metadata of the call. Values that are no plain ASCII are escaped, which the client is told.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Metadata() =>
        [KeyValuePair.Create("dir-name", Name), .. List("exclude-patterns", Excludes), .. List("followpaths", FollowPaths)];

    private static IEnumerable<KeyValuePair<string, string>> List(string name, IReadOnlyList<string> values)
    {
        var escaped = values.Any(value => value.Any(c => c is < ' ' or > '~'));
        if (escaped)
        {
            yield return KeyValuePair.Create(name + "-encoded", "1");
        }

        foreach (var value in values)
        {
            yield return KeyValuePair.Create(name, escaped ? Uri.EscapeDataString(value) : value);
        }
    }
}
