using Slipway.Build.Context;
using Slipway.Engine.Steps;

namespace Slipway.Build.Solve;

/// <summary>What a node of the graph gave: a stack of layers, or a directory of files.</summary>
/// <param name="Key">The node's key in the cache; nodes above build theirs on it. Empty for files, which are known by their content.</param>
/// <param name="Top">The stack; null when it has no layers.</param>
/// <param name="Own">The layer that the node itself made; null when it changed nothing, and for sources.</param>
/// <param name="Created">When the work was done; null for sources.</param>
/// <param name="Cached">Whether the work was found done.</param>
internal sealed record Solved(string Key, StepLayer? Top, StepLayer? Own, DateTimeOffset? Created, bool Cached)
{
    /// <summary>The files, for a context; null for a stack of layers.</summary>
    internal BuildContext? Files { get; init; }
}
