namespace Slipway.Engine.Containers;

/// <summary>What a container's restart policy says after its process ended.</summary>
internal static class RestartPolicies
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongRun = TimeSpan.FromSeconds(10);

    /// <summary>Whether the container is to be started again now that a run has ended.</summary>
    /// <param name="record">The container, with the exit code of the run.</param>
    internal static bool AppliesAfterExit(ContainerRecord record)
    {
        if (record.HasBeenManuallyStopped)
        {
            return false;
        }

        var policy = record.HostConfig.RestartPolicy;
        return policy.Name switch
        {
            "always" or "unless-stopped" => true,
            "on-failure" => record.State.ExitCode != 0 && (policy.MaximumRetryCount == 0 || record.RestartCount < policy.MaximumRetryCount),
            _ => false,
        };
    }

    /// <summary>Whether the container is to be started when the daemon starts and finds it ended, for example after a reboot.</summary>
    /// <param name="record">The container.</param>
    /// <param name="wasRunning">Whether it ran when the daemon last saw it.</param>
    internal static bool AppliesAtStart(ContainerRecord record, bool wasRunning) => record.HostConfig.RestartPolicy.Name switch
    {
        "always" => record.HasBeenStarted,
        "unless-stopped" => record.HasBeenStarted && !record.HasBeenManuallyStopped,
        "on-failure" => wasRunning && AppliesAfterExit(record),
        _ => false,
    };

    /// <summary>How long to wait before the next start: doubled from 100 ms to a minute, from the beginning after a run of ten seconds.</summary>
    internal static TimeSpan NextDelay(TimeSpan previous, TimeSpan ranFor)
    {
        if (previous == TimeSpan.Zero || ranFor >= LongRun)
        {
            return FirstDelay;
        }

        var doubled = previous * 2;
        return doubled < LongestDelay ? doubled : LongestDelay;
    }
}
