using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>An operation without inputs.</summary>
public abstract class SourceOperation : Operation
{
    /// <inheritdoc/>
    public sealed override IEnumerable<Operation> Inputs => [];
}

/// <summary>The tree of an image.</summary>
public sealed class ImageSource : SourceOperation
{
    /// <summary>The image, in the full form, as the Dockerfile names it (with tag if it has no digest); made from <see cref="ImageId"/> if there is one.</summary>
    public required Reference Reference { get; init; }

    /// <summary>The image's id when the Dockerfile names it by that, which only finds an image that is here; otherwise null.</summary>
    public Digest? ImageId { get; init; }

    /// <summary>What the resolver found, with its config; never null in a finished graph.</summary>
    public ResolvedImage? Resolved { get; internal set; }
}

/// <summary>The empty tree (<c>FROM scratch</c>).</summary>
public sealed class ScratchSource : SourceOperation;

/// <summary>Files that the client sends.</summary>
public sealed class LocalSource : SourceOperation
{
    /// <summary><c>context</c> for the build context, otherwise the name of a context given with <c>--build-context</c>.</summary>
    public required string ContextName { get; init; }

    /// <summary>Paths that are needed, relative and clean; empty means everything. May be larger than what is used in the end.</summary>
    public IReadOnlyList<string> FollowPaths { get; internal set; } = [];
}

/// <summary>A checkout of a git repository.</summary>
public sealed class GitSource : SourceOperation
{
    /// <summary>The repository, without fragment; may hold credentials and must never be shown.</summary>
    public required string Remote { get; init; }

    /// <summary>Branch, tag or commit; empty means the default branch.</summary>
    public string Ref { get; init; } = "";

    /// <summary>Directory inside the repository that is the tree; empty means the root.</summary>
    public string Subdirectory { get; init; } = "";

    /// <summary>Whether the <c>.git</c> directory stays.</summary>
    public bool KeepGitDirectory { get; init; }

    /// <summary>Commit, or its beginning, that the checkout must have; null does not care.</summary>
    public string? Checksum { get; init; }
}

/// <summary>A tree of one file that is loaded from an http or https address.</summary>
public sealed class HttpSource : SourceOperation
{
    /// <summary>The address; may hold credentials and must never be shown.</summary>
    public required string Url { get; init; }

    /// <summary>Name of the file, taken from the address; <c>__unnamed__</c> if it ends in none.</summary>
    public required string FileName { get; init; }

    /// <summary>Digest the content must have; null does not care.</summary>
    public Digest? Checksum { get; init; }
}
