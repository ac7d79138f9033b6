namespace Slipway.BuildClient;

/// <summary>Something happened in a build.</summary>
/// <param name="Steps">Steps that began or ended.</param>
/// <param name="Parts">Parts of steps that made progress.</param>
/// <param name="Output">What commands printed.</param>
/// <param name="Warnings">What is wrong with the Dockerfile without being an error.</param>
public sealed record BuildUpdate(IReadOnlyList<StepChange> Steps, IReadOnlyList<StepPart> Parts, IReadOnlyList<StepOutput> Output, IReadOnlyList<StepWarning> Warnings);

/// <summary>A step as it is now.</summary>
/// <param name="Digest">Names it.</param>
/// <param name="Inputs">The steps that it needs.</param>
/// <param name="Name">Its title.</param>
/// <param name="Started">When it began; null before that.</param>
/// <param name="Completed">When it ended; null before that.</param>
/// <param name="Cached">Whether it was found done.</param>
/// <param name="Error">Why it failed; empty when it did not.</param>
public sealed record StepChange(string Digest, IReadOnlyList<string> Inputs, string Name, DateTimeOffset? Started, DateTimeOffset? Completed, bool Cached, string Error);

/// <summary>A part of a step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Id">Names it.</param>
/// <param name="Name">Its title.</param>
/// <param name="Current">How much is done, in bytes or pieces.</param>
/// <param name="Total">Of how much; 0 when that is not known.</param>
/// <param name="Time">When this was so.</param>
/// <param name="Started">When it began; null before that.</param>
/// <param name="Completed">When it ended; null before that.</param>
public sealed record StepPart(string Step, string Id, string Name, long Current, long Total, DateTimeOffset? Time, DateTimeOffset? Started, DateTimeOffset? Completed);

/// <summary>Output of a command.</summary>
/// <param name="Step">The step.</param>
/// <param name="Stream">1 for standard output, 2 for errors.</param>
/// <param name="Time">When.</param>
/// <param name="Data">What.</param>
public sealed record StepOutput(string Step, int Stream, DateTimeOffset? Time, ReadOnlyMemory<byte> Data);

/// <summary>A warning.</summary>
/// <param name="Step">The step.</param>
/// <param name="Short">In a line.</param>
/// <param name="Detail">More of it.</param>
/// <param name="Url">Where it is explained.</param>
/// <param name="Place">Where it is; null when it is nowhere.</param>
public sealed record StepWarning(string Step, string Short, IReadOnlyList<string> Detail, string Url, BuildFailurePlace? Place);
