using System.Globalization;

namespace Slipway.Engine.Containers;

/// <summary>How a container's state reads in lists: the words that Docker uses.</summary>
internal static class ContainerText
{
    /// <summary>The status word of the API.</summary>
    internal static string Word(ContainerStatus status) => status switch
    {
        ContainerStatus.Created => "created",
        ContainerStatus.Running => "running",
        ContainerStatus.Paused => "paused",
        ContainerStatus.Restarting => "restarting",
        ContainerStatus.Exited => "exited",
        ContainerStatus.Removing => "removing",
        _ => "dead",
    };

    /// <summary>The sentence of the STATUS column, such as <c>Up 3 minutes (healthy)</c>.</summary>
    internal static string Sentence(ContainerRecord record, DateTimeOffset now)
    {
        var state = record.State;
        return state.Status switch
        {
            ContainerStatus.Running => "Up " + Duration(now - (state.StartedAt ?? now)) + HealthSuffix(record),
            ContainerStatus.Paused => "Up " + Duration(now - (state.StartedAt ?? now)) + " (Paused)",
            ContainerStatus.Restarting => $"Restarting ({state.ExitCode}) {Duration(now - (state.FinishedAt ?? now))} ago",
            ContainerStatus.Exited => $"Exited ({state.ExitCode}) {Duration(now - (state.FinishedAt ?? now))} ago",
            ContainerStatus.Removing => "Removal In Progress",
            ContainerStatus.Dead => "Dead",
            _ => "Created",
        };
    }

    /// <summary>A duration in the rough words that people read: <c>About a minute</c>, <c>2 hours</c>.</summary>
    internal static string Duration(TimeSpan duration)
    {
        var seconds = (long)Math.Max(0, duration.TotalSeconds);
        var minutes = seconds / 60;
        var hours = (long)Math.Round(duration.TotalHours, MidpointRounding.AwayFromZero);
        return seconds switch
        {
            < 1 => "Less than a second",
            1 => "1 second",
            < 60 => Count(seconds, "seconds"),
            _ when minutes == 1 => "About a minute",
            _ when minutes < 60 => Count(minutes, "minutes"),
            _ when hours == 1 => "About an hour",
            _ when hours < 48 => Count(hours, "hours"),
            _ when hours < 24 * 7 * 2 => Count(hours / 24, "days"),
            _ when hours < 24 * 30 * 2 => Count(hours / 24 / 7, "weeks"),
            _ when hours < 24 * 365 * 2 => Count(hours / 24 / 30, "months"),
            _ => Count((long)duration.TotalHours / 24 / 365, "years"),
        };
    }

    private static string Count(long number, string unit) => number.ToString(CultureInfo.InvariantCulture) + " " + unit;

    private static string HealthSuffix(ContainerRecord record) => record.Health?.Status switch
    {
        "starting" => " (health: starting)",
        "healthy" => " (healthy)",
        "unhealthy" => " (unhealthy)",
        _ => "",
    };
}
