using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Registry;

/// <summary>What the registry asks of whoever fetches copies of other registries' repositories. The registry itself talks to no other.</summary>
public sealed record PullThrough
{
    /// <summary>The repository that holds the copy, for a name and the registry that the asker means (<c>?ns=</c>) or null; null for a repository of our own.</summary>
    public required Func<string, string?, string?> Locate { get; init; }

    /// <summary>Whether a repository is a copy.</summary>
    public required Func<string, bool> IsCopy { get; init; }

    /// <summary>Brings a repository's manifest up to date, by tag or digest.</summary>
    public required Func<string, string, CancellationToken, Task> RefreshAsync { get; init; }

    /// <summary>A blob of a repository as its manifests describe it, or null.</summary>
    public required Func<string, Digest, Descriptor?> Describe { get; init; }

    /// <summary>Opens a blob that is not here yet.</summary>
    public required Func<string, Descriptor, CancellationToken, Task<ArrivingBlob>> OpenAsync { get; init; }

    /// <summary>The tags that there are; null when nobody answers.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyList<string>?>> TagsAsync { get; init; }

    /// <summary>What refers to a manifest, as an index; null when nobody says.</summary>
    public required Func<string, Digest, CancellationToken, Task<byte[]?>> ReferrersAsync { get; init; }

    /// <summary>Bytes that all copies may take together; 0 for no bound.</summary>
    public long MostBytes { get; init; }
}
