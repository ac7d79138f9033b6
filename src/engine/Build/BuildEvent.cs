using Slipway.Build.Graph;
using Slipway.DockerApi;

namespace Slipway.Build;

/// <summary>What happens in a build, for whoever shows it.</summary>
/// <param name="Operation">The node it happens to.</param>
/// <param name="Time">When.</param>
public abstract record BuildEvent(Operation Operation, DateTimeOffset Time);

/// <summary>Work on a node begins.</summary>
public sealed record OperationStarted(Operation Operation, DateTimeOffset Time) : BuildEvent(Operation, Time);

/// <summary>A command printed something.</summary>
/// <param name="Operation">The command.</param>
/// <param name="Time">When.</param>
/// <param name="Stream">Where.</param>
/// <param name="Data">What.</param>
public sealed record OperationPrinted(Operation Operation, DateTimeOffset Time, StdStream Stream, ReadOnlyMemory<byte> Data) : BuildEvent(Operation, Time);

/// <summary>A node is done.</summary>
/// <param name="Operation">The node.</param>
/// <param name="Time">When.</param>
/// <param name="Key">Names its result.</param>
/// <param name="Cached">Whether it was found done.</param>
public sealed record OperationDone(Operation Operation, DateTimeOffset Time, string Key, bool Cached) : BuildEvent(Operation, Time);

/// <summary>A node failed.</summary>
/// <param name="Operation">The node.</param>
/// <param name="Time">When.</param>
/// <param name="Error">Why; a cancellation when it was only stopped.</param>
public sealed record OperationFailed(Operation Operation, DateTimeOffset Time, Exception Error) : BuildEvent(Operation, Time);
