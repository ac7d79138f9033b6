using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>
/// One node of a build: something that yields a file tree. Operations are compared by identity; inputs always stand before
/// their users in <see cref="BuildGraph.Operations"/>.
/// </summary>
public abstract class Operation
{
    /// <summary>Position in <see cref="BuildGraph.Operations"/>, counted from 0; -1 until the graph is complete.</summary>
    public int Id { get; internal set; } = -1;

    /// <summary>As progress shows it: <c>[build 2/5] RUN make</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Stage it belongs to; null for contexts and images that <c>--from</c> names.</summary>
    public string? Stage { get; init; }

    /// <summary>Where the instruction stands in the Dockerfile; null when none caused it.</summary>
    public SourceSpan? Source { get; init; }

    /// <summary>Platform the tree is for.</summary>
    public required Platform Platform { get; init; }

    /// <summary>Whether a cached result must not be used (<c>--no-cache</c>, <c>--no-cache-filter</c>).</summary>
    public bool IgnoreCache { get; init; }

    /// <summary>The trees it needs, the one it builds upon first.</summary>
    public abstract IEnumerable<Operation> Inputs { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
