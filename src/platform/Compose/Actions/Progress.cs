namespace Slipway.Compose.Actions;

/// <summary>How far something is.</summary>
public enum ProgressState
{
    /// <summary>Under way.</summary>
    Working,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Failed.</summary>
    Failed,

    /// <summary>Worth knowing, but no failure.</summary>
    Warning,
}

/// <summary>A change in what is being done.</summary>
/// <param name="Kind"><c>Container</c>, <c>Network</c>, <c>Volume</c> or <c>Image</c>.</param>
/// <param name="Name">Which one.</param>
/// <param name="Status">What happens to it, such as <c>Creating</c>.</param>
/// <param name="State">How far it is.</param>
public sealed record Progress(string Kind, string Name, string Status, ProgressState State);
