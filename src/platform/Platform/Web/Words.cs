using System.Globalization;
using Slipway.Platform.Model;

namespace Slipway.Platform.Web;

/// <summary>How things are said on pages.</summary>
internal static class Words
{
    internal static string Of(DeploymentState state) => state.ToString().ToLowerInvariant();

    internal static string Of(DeploymentKind kind) => kind switch { DeploymentKind.Rollback => "rollback", DeploymentKind.Redeploy => "redeploy", _ => "deploy" };

    /// <summary>An application's state, as people say it.</summary>
    internal static string State(string state) => state == "none" ? "never deployed" : state;

    /// <summary>Good, bad, busy or quiet: what a state looks like. The word itself is always there too.</summary>
    internal static string Mood(string state) => state switch
    {
        "running" or "succeeded" => "good",
        "failed" or "exited" or "unreachable" or "degraded" => "bad",
        "queued" or "building" or "deploying" => "busy",
        _ => "quiet",
    };

    /// <summary>The first characters of a commit.</summary>
    internal static string Short(string? commit) => commit is { Length: > 8 } ? commit[..8] : commit ?? "";

    /// <summary>How long ago something was.</summary>
    internal static string Ago(DateTimeOffset then, DateTimeOffset now) => (now - then) switch
    {
        { TotalSeconds: < 60 } => "just now",
        { TotalMinutes: < 60 } span => Count((int)span.TotalMinutes, "minute") + " ago",
        { TotalHours: < 48 } span => Count((int)span.TotalHours, "hour") + " ago",
        var span => Count((int)span.TotalDays, "day") + " ago",
    };

    /// <summary>How long a deployment took.</summary>
    internal static string Took(Deployment deployment) =>
        deployment is { Started: { } started, Finished: { } finished } ? string.Create(CultureInfo.InvariantCulture, $"{(finished - started).TotalSeconds:0.#} s") : "";

    private static string Count(int number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");
}
