using System.Globalization;
using System.Runtime.ExceptionServices;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;

namespace Slipway.Platform.Deploys;

/// <summary>
/// Brings up the services of a release, each when what it needs is as it wants it. Those that have not changed are left alone; of those that
/// cannot run twice, the old containers stop first, and run again if the deployment is given up.
/// </summary>
public sealed class ServiceRollout(EnginePool engines, AppContainers containers, ServiceContainers services, HealthBarrier barrier)
{
    /// <summary>Decides which containers stay and which are made.</summary>
    internal async Task<Turn> PlanAsync(Server server, App app, Release release, Deployment deployment, CancellationToken cancellation)
    {
        var running = (await containers.ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false)).Where(container => container.State == "running").Select(container => container.Names[0].TrimStart('/')).ToHashSet(StringComparer.Ordinal);
        List<ServiceTurn> turns = [];
        foreach (var service in release.Services)
        {
            var before = app.Services.FirstOrDefault(other => other.Name == service.Name);
            var anew = deployment.Force || service.Job || before?.Fingerprint != service.Fingerprint || service.Needs.Any(need => need.Restart && turns.Any(turn => turn.Service.Name == need.Service && turn.New.Count > 0));
            IReadOnlyList<string> kept = anew ? [] : [.. before!.Containers.Where(name => service.MayEnd || running.Contains(name)).Take(service.Replicas)];
            IReadOnlyList<string> made = [.. Enumerable.Range(1, service.Replicas - kept.Count).Select(replica => string.Create(CultureInfo.InvariantCulture, $"{app.Name}-{deployment.Number}-{service.Name}-{replica}"))];
            turns.Add(new ServiceTurn(service, before, kept, made, kept.Count > 0 ? before!.Alias : Identity.New()));
        }

        var main = turns.FirstOrDefault(turn => turn.Service.Main);
        return new Turn(
            [.. turns.SelectMany(turn => turn.New)],
            [.. turns.Where(turn => !turn.Service.Job).OrderByDescending(turn => turn.Service.Main).SelectMany(turn => turn.After.Containers)],
            main is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{main.Alias}:{main.Service.Ports[0]}")) { Services = turns };
    }

    /// <summary>Whether a release would change nothing of what runs.</summary>
    internal static bool IsSame(App app, Release serving, Release release) =>
        serving.Services.Count == release.Services.Count && !app.Services.Any(service => service.Stopped)
        && serving.Services.Zip(release.Services).All(pair => pair.First.Name == pair.Second.Name && pair.First.Fingerprint == pair.Second.Fingerprint && pair.First.Replicas == pair.Second.Replicas
            && pair.First.Main == pair.Second.Main && pair.First.Ports.SequenceEqual(pair.Second.Ports) && pair.First.Needs.SequenceEqual(pair.Second.Needs));

    /// <summary>Makes and starts the new containers, and waits until all are healthy.</summary>
    /// <exception cref="PlatformException">One is not; says which.</exception>
    internal async Task BringUpAsync(Server server, App app, Release release, Deployment deployment, Turn turn, DeploymentLog log, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var run = new Run(server, app, release, deployment, turn, log, either);
        foreach (var service in turn.Services)
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var needs = service.Service.Needs.Where(need => run.States.ContainsKey(need.Service)).Select(need => need.Condition == "service_started" ? run.States[need.Service].Started : run.States[need.Service].Ready).ToList();
            run.States.Add(service.Service.Name, (started.Task, ServiceAsync(run, service, needs, started)));
        }

        // All come to their end, so that nothing is made any more when things are given up.
        await Task.WhenAll(run.States.Values.Select(state => state.Ready)).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        run.Failure?.Throw();
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task ServiceAsync(Run run, ServiceTurn service, List<Task> needs, TaskCompletionSource started)
    {
        try
        {
            await Task.Yield();
            await Task.WhenAll(needs).ConfigureAwait(false);
            if (service.New.Count > 0)
            {
                await MakeAsync(run, service).ConfigureAwait(false);
                started.SetResult();
                await Task.WhenAll(service.New.Select(name => HealthyAsync(run, service.Service, name))).ConfigureAwait(false);
            }

            started.TrySetResult();
        }
        catch (Exception e)
        {
            run.Fail(e);
            started.TrySetCanceled();
            throw;
        }
    }

    private async Task MakeAsync(Run run, ServiceTurn service)
    {
        // What the engine has begun it finishes: a call that is left alone could make a container after the others were removed.
        foreach (var name in service.New)
        {
            run.Either.Token.ThrowIfCancellationRequested();
            await services.CreateAsync(run.Server, run.App, run.Deployment, service.Service, name, service.Alias, null, CancellationToken.None).ConfigureAwait(false);
        }

        var old = service.Before?.Containers.Except(service.Kept).ToList() ?? [];
        if (service.Service.InPlace && old.Count > 0)
        {
            run.Log.Write($"Stopping {string.Join(", ", old)}: what takes {(old.Count == 1 ? "its" : "their")} place cannot run beside.");
            old.ForEach(run.Turn.Suspended.Enqueue);
            await containers.StopAsync(run.Server, old, null, run.Either.Token).ConfigureAwait(false);
        }

        await Task.WhenAll(service.New.Select(name => StartAsync(run, name))).ConfigureAwait(false);
    }

    private async Task StartAsync(Run run, string name)
    {
        try
        {
            run.Either.Token.ThrowIfCancellationRequested();
            await engines.Of(run.Server).StartContainerAsync(name, cancellation: CancellationToken.None).ConfigureAwait(false);
        }
        catch (Client.EngineApiException)
        {
            run.Turn.Failed ??= name;
            throw;
        }
    }

    private async Task HealthyAsync(Run run, ReleaseService service, string name)
    {
        try
        {
            if (service.Job)
            {
                await CompleteAsync(run, name).ConfigureAwait(false);
                return;
            }

            // The application's own way to find out is for who has an address; others have their health check, or are up.
            var health = service.Ports.Count > 0 ? run.Release.Run.Health : new HealthSettings { DeadlineSeconds = run.Release.Run.Health.DeadlineSeconds };
            if (!service.MayEnd)
            {
                await barrier.PassAsync(run.Server, name, run.Release with { Port = service.Ports.Count > 0 ? service.Ports[0] : 0, Run = run.Release.Run with { Health = health } }, run.Log, run.Either.Token).ConfigureAwait(false);
            }

            await services.KeepUpAsync(run.Server, service, name, run.Either.Token).ConfigureAwait(false);
        }
        catch (PlatformException)
        {
            run.Turn.Failed ??= name;
            throw;
        }
    }

    private async Task CompleteAsync(Run run, string name)
    {
        run.Log.Write($"Waiting until {name} has done its work.");
        var end = await engines.Of(run.Server).WaitContainerAsync(name, cancellation: run.Either.Token).ConfigureAwait(false);
        if (end.StatusCode != 0)
        {
            throw new PlatformException(Refusal.Invalid, string.Create(CultureInfo.InvariantCulture, $"{name} ended with exit code {end.StatusCode}"));
        }

        await containers.ShowLogAsync(run.Server, name, run.Log).ConfigureAwait(false);
        await containers.RemoveAsync(run.Server, [name], CancellationToken.None).ConfigureAwait(false);
    }

    private sealed record Run(Server Server, App App, Release Release, Deployment Deployment, Turn Turn, DeploymentLog Log, CancellationTokenSource Either)
    {
        private ExceptionDispatchInfo? _failure;

        internal Dictionary<string, (Task Started, Task Ready)> States { get; } = new(StringComparer.Ordinal);

        /// <summary>The first failure; those that follow from it say nothing of their own.</summary>
        internal ExceptionDispatchInfo? Failure => _failure;

        internal void Fail(Exception reason)
        {
            if (reason is not OperationCanceledException)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(reason), null);
            }

            Either.Cancel();
        }
    }
}
