using System.Text;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Health;

/// <summary>What a check gave.</summary>
/// <param name="ExitCode">Exit code of its process.</param>
/// <param name="Output">What it printed, cut at <see cref="HealthMonitor.MaxOutput"/> bytes.</param>
public readonly record struct ProbeResult(int ExitCode, byte[] Output);

/// <summary>
/// Runs a command in a container for a health check. Throws <see cref="TimeoutException"/> when it took too long, after killing it with all
/// that it started; an <see cref="EngineException"/> when it cannot be run.
/// </summary>
public delegate Task<ProbeResult> RunProbe(Container container, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancel);

/// <summary>
/// Checks the health of containers while they run. Its state is part of a container's record, so that a restarted daemon goes on where
/// the one before was. A paused container is not checked.
/// </summary>
public sealed class HealthMonitor(RunProbe probe, ContainerEvents events, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Bytes of a check's output that are kept.</summary>
    public const int MaxOutput = 4096;

    private readonly RunTokens _runs = new();

    /// <summary>A container's process runs: it was started, or found running when the daemon started.</summary>
    public void Start(Container container)
    {
        if (HealthPlan.Of(container.Record.Config) is { } plan && _runs.Begin(container) is { } ended)
        {
            _ = Task.Run(() => WatchAsync(container, plan, ended), CancellationToken.None);
        }
    }

    /// <summary>A container's process has ended.</summary>
    public void End(Container container) => _runs.End(container);

    /// <inheritdoc/>
    public void Dispose() => _runs.EndAll();

    private async Task WatchAsync(Container container, HealthPlan plan, CancellationToken ended)
    {
        try
        {
            var started = container.Record.State.StartedAt ?? time.GetUtcNow();
            if (!BelongsToRun(container.Record.Health, started))
            {
                await container.RecordFactAsync(r => r with { Health = HealthPlan.Starting }, mayUseReserve: false).ConfigureAwait(false);
            }

            while (true)
            {
                var health = container.Record.Health ?? HealthPlan.Starting;
                await Task.Delay(plan.Wait(health, time.GetUtcNow() - started), time, ended).ConfigureAwait(false);
                if (container.Record.State.Status == ContainerStatus.Running)
                {
                    await CheckAsync(container, plan, started, ended).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The run ended.
        }
        catch (Exception e)
        {
            logger.LogError("health checks of container {Id} ended: {Reason}", container.Id, e.Message);
        }
    }

    private async Task CheckAsync(Container container, HealthPlan plan, DateTimeOffset started, CancellationToken ended)
    {
        var begin = time.GetUtcNow();
        var (code, output) = await ProbeAsync(container, plan, ended).ConfigureAwait(false);
        ended.ThrowIfCancellationRequested();
        var result = new HealthcheckResult { Start = GoTime.Format(begin), End = GoTime.Format(time.GetUtcNow()), ExitCode = code, Output = output };
        var before = container.Record.Health?.Status;
        await container.RecordFactAsync(r => r with { Health = plan.After(r.Health ?? HealthPlan.Starting, result, begin - started) }, mayUseReserve: false).ConfigureAwait(false);
        var after = container.Record.Health?.Status;
        if (after != before)
        {
            events.Publish(container, "health_status: " + after);
        }
    }

    private async Task<(int Code, string Output)> ProbeAsync(Container container, HealthPlan plan, CancellationToken ended)
    {
        try
        {
            var result = await probe(container, plan.Command, plan.Timeout, ended).ConfigureAwait(false);
            return (result.ExitCode, Encoding.UTF8.GetString(result.Output.AsSpan(0, Math.Min(result.Output.Length, MaxOutput))));
        }
        catch (TimeoutException)
        {
            return (-1, $"Health check exceeded timeout ({HealthPlan.GoDuration(plan.Timeout)})");
        }
        catch (EngineException e)
        {
            return (-1, e.Message);
        }
    }

    // After a restart of the daemon the last result is younger than the run.
    private static bool BelongsToRun(DockerApi.Health? health, DateTimeOffset started) =>
        health?.Log is [.., var last] && GoTime.TryParse(last.Start, out var at) && at >= started;
}
