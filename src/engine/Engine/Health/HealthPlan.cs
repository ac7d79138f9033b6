using System.Globalization;
using Slipway.DockerApi;

namespace Slipway.Engine.Health;

/// <summary>A container's health check with its defaults filled in.</summary>
/// <param name="Command">The argument vector that is run in the container; exit code 0 is healthy.</param>
/// <param name="Interval">Time between the end of one check and the next.</param>
/// <param name="Timeout">How long a check may take.</param>
/// <param name="StartPeriod">Time after the start in which failures do not count, until the first success.</param>
/// <param name="StartInterval">Time between checks in the start period.</param>
/// <param name="Retries">Failures in a row that make a container unhealthy.</param>
public sealed record HealthPlan(IReadOnlyList<string> Command, TimeSpan Interval, TimeSpan Timeout, TimeSpan StartPeriod, TimeSpan StartInterval, int Retries)
{
    private const int ResultsKept = 5;
    private const int DefaultRetries = 3;
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultStartInterval = TimeSpan.FromSeconds(5);
    private static readonly string[] DefaultShell = ["/bin/sh", "-c"];

    /// <summary>The plan of a container; null when it has no health check.</summary>
    public static HealthPlan? Of(ContainerConfig config)
    {
        if (config.Healthcheck is not { Test: { Count: > 1 } test } check)
        {
            return null;
        }

        IReadOnlyList<string>? command = test[0] switch
        {
            "CMD" => [.. test.Skip(1)],
            "CMD-SHELL" => [.. config.Shell is { Count: > 0 } shell ? shell : DefaultShell, test[1]],
            _ => null,
        };
        return command is null ? null : new HealthPlan(
            command,
            Time(check.Interval, Default),
            Time(check.Timeout, Default),
            Time(check.StartPeriod, TimeSpan.Zero),
            Time(check.StartInterval, DefaultStartInterval),
            check.Retries > 0 ? check.Retries : DefaultRetries);
    }

    /// <summary>The state of a container that was just started.</summary>
    public static DockerApi.Health Starting { get; } = new() { Status = "starting", Log = [] };

    /// <summary>How long to wait for the next check.</summary>
    public TimeSpan Wait(DockerApi.Health health, TimeSpan sinceStart) =>
        health.Status == "starting" && sinceStart < StartPeriod ? StartInterval : Interval;

    /// <summary>The state after a check.</summary>
    /// <param name="health">The state before.</param>
    /// <param name="result">What came out.</param>
    /// <param name="sinceStart">How long after the container's start the check began.</param>
    public DockerApi.Health After(DockerApi.Health health, HealthcheckResult result, TimeSpan sinceStart)
    {
        HealthcheckResult[] log = [.. (health.Log ?? []).TakeLast(ResultsKept - 1), result];
        if (result.ExitCode == 0)
        {
            return new DockerApi.Health { Status = "healthy", FailingStreak = 0, Log = log };
        }

        if (health.Status == "starting" && sinceStart < StartPeriod)
        {
            return health with { Log = log };
        }

        var streak = health.FailingStreak + 1;
        return new DockerApi.Health { Status = streak >= Retries ? "unhealthy" : health.Status, FailingStreak = streak, Log = log };
    }

    /// <summary>A duration as Go prints it in messages, such as <c>1s</c>, <c>1m30s</c> or <c>1.5s</c>.</summary>
    public static string GoDuration(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
        {
            return time.TotalMilliseconds.ToString("0.######", CultureInfo.InvariantCulture) + "ms";
        }

        var hours = time >= TimeSpan.FromHours(1) ? ((long)time.TotalHours).ToString(CultureInfo.InvariantCulture) + "h" : "";
        var minutes = time >= TimeSpan.FromMinutes(1) ? time.Minutes.ToString(CultureInfo.InvariantCulture) + "m" : "";
        var seconds = (time.TotalSeconds % 60).ToString("0.#########", CultureInfo.InvariantCulture) + "s";
        return hours + minutes + seconds;
    }

    private static TimeSpan Time(long nanoseconds, TimeSpan otherwise) => nanoseconds > 0 ? TimeSpan.FromTicks(Math.Max(1, nanoseconds / 100)) : otherwise;
}
