namespace Slipway.Engine.Logs;

/// <summary>What a reader of a container's log wants; the query of <c>GET /containers/{id}/logs</c>.</summary>
/// <param name="Stdout">Standard output.</param>
/// <param name="Stderr">Standard error.</param>
/// <param name="Follow">Go on with what is written later, until the container stops.</param>
/// <param name="SinceNanoseconds">Unix time in nanoseconds; earlier lines are left out. Null for all.</param>
/// <param name="UntilNanoseconds">Unix time in nanoseconds; reading ends at the first later line. Null for all.</param>
/// <param name="Tail">How many of the last lines, of both streams together; null for all.</param>
/// <param name="Timestamps">Put the time in front of each line, in UTC with nine decimals.</param>
/// <param name="Details">Put the attributes chosen by the log options in front of each line.</param>
public sealed record LogRequest(bool Stdout, bool Stderr, bool Follow = false, long? SinceNanoseconds = null, long? UntilNanoseconds = null, int? Tail = null, bool Timestamps = false, bool Details = false);
