namespace Slipway.LocalFiles;

/// <summary>Remembers under which name a file with several (link(2)) came first, for formats that tell the others as links to it.</summary>
public sealed class FirstNames
{
    private readonly Dictionary<(uint, uint, ulong), string> _names = [];

    /// <summary>Takes note of a name.</summary>
    /// <param name="facts">What has the name.</param>
    /// <param name="name">The name, as the format has it.</param>
    /// <returns>The name under which the file came first; null when this is it, and for what is no regular file or has no other name.</returns>
    public string? Earlier(in FileFacts facts, string name) =>
        facts is { IsRegular: true, Names: > 1 } && !_names.TryAdd(facts.Identity, name) ? _names[facts.Identity] : null;
}
