using System.Collections.Concurrent;
using Slipway.Client;
using Slipway.Platform.Access;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Deploys;

/// <summary>What is asked for.</summary>
/// <param name="App">Application.</param>
/// <param name="Kind">What to do.</param>
public sealed record DeployRequest(App App, DeploymentKind Kind)
{
    /// <summary>Whether the build starts from nothing and containers are replaced even when nothing has changed.</summary>
    public bool Force { get; init; }

    /// <summary>A commit in place of the branch's tip, checked.</summary>
    public string? Commit { get; init; }

    /// <summary>The release, for a rollback.</summary>
    public string? ReleaseId { get; init; }

    /// <summary>What asks: <c>api</c>, <c>web</c>, <c>push</c>, <c>webhook</c>.</summary>
    public string Trigger { get; init; } = "api";
}

/// <summary>
/// Deployments wait here for their turn: one at a time per application. Of those that wait, a later one takes the place of an earlier one
/// of the same kind. The queue is in the store; who runs is in memory.
/// </summary>
public sealed class DeployQueue(PlatformStore store, DeploymentRun run, DeploymentLogs logs, Recovery recovery, Cleanup cleanup, AuditLog audit, TimeProvider time, ILogger<DeployQueue> log)
{
    private readonly ConcurrentDictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private bool _open;

    /// <summary>Puts a deployment into the queue.</summary>
    /// <exception cref="PlatformException">Too many wait already.</exception>
    public Deployment Enqueue(Caller caller, DeployRequest request)
    {
        caller.Require(Abilities.Deploy);
        Deployment? deployment = null;
        List<string> superseded = [];
        store.Change(() =>
        {
            var app = store.Apps.Find(request.App.Id) ?? throw new PlatformException(Refusal.NotFound, "there is no such application");
            RefuseFull(app);
            deployment = new Deployment
            {
                Id = Identity.New(), AppId = app.Id, Number = app.LastDeployment + 1, Kind = request.Kind, Trigger = request.Trigger, Actor = caller.Name, Force = request.Force,
                Commit = request.Commit, ReleaseId = request.ReleaseId, Created = time.GetUtcNow(),
            };
            var waiting = store.Deployments.All.Where(other => other.AppId == app.Id && other.State == DeploymentState.Queued && other.Started is null && other.Kind == request.Kind).ToList();
            superseded.AddRange(waiting.Select(other => other.Id));
            // Before anybody else can see it, take its place and close its log.
            logs.Open(deployment.Id).Write("Queued.");
            var change = waiting.Select(other => store.Deployments.Put(other.Id, other with { State = DeploymentState.Superseded, Finished = time.GetUtcNow(), Error = $"deployment {deployment.Number} took its place" }));
            return [.. change, store.Deployments.Put(deployment.Id, deployment), store.Apps.Put(app.Id, app with { LastDeployment = deployment.Number })];
        });
        foreach (var other in superseded)
        {
            logs.Open(other).Write($"Deployment {deployment!.Number} took its place.");
            logs.Close(other);
        }

        audit.Note(caller, "deploy." + request.Kind.ToString().ToLowerInvariant(), request.App.Name, $"deployment {deployment!.Number} ({request.Trigger})");
        Pump();
        return deployment;
    }

    /// <summary>Ends a deployment: one that waits at once, one that runs as soon as it has cleaned up. One that serves already goes on to its end.</summary>
    public void Cancel(Caller caller, string deploymentId)
    {
        caller.Require(Abilities.Deploy);
        var deployment = store.Deployments.Find(deploymentId) ?? throw new PlatformException(Refusal.NotFound, "there is no such deployment");
        lock (_gate)
        {
            if (_running.TryGetValue(deploymentId, out var running))
            {
                running.Cancel.Cancel();
            }
            else if (!deployment.Ended)
            {
                End(deployment.Id, DeploymentState.Cancelled, $"cancelled by {caller.Name}");
            }
            else
            {
                throw new PlatformException(Refusal.Conflict, "the deployment has ended already");
            }
        }

        audit.Note(caller, "deploy.cancel", deploymentId);
    }

    /// <summary>Waits until a deployment has ended.</summary>
    public async Task<Deployment> WaitAsync(string deploymentId, CancellationToken cancellation)
    {
        while (true)
        {
            var deployment = store.Deployments.Find(deploymentId) ?? throw new PlatformException(Refusal.NotFound, "there is no such deployment");
            if (deployment.Ended)
            {
                return deployment;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Ends what an earlier process left in the middle, and lets the queue run.</summary>
    internal async Task OpenAsync(CancellationToken cancellation)
    {
        foreach (var deployment in store.Deployments.All.Where(deployment => deployment.State is DeploymentState.Building or DeploymentState.Deploying || (deployment.State == DeploymentState.Queued && deployment.Started is not null)).ToList())
        {
            var text = logs.Open(deployment.Id);
            await recovery.FinishAsync(deployment, text, cancellation).ConfigureAwait(false);
            logs.Close(deployment.Id);
        }

        foreach (var waiting in store.Deployments.All.Where(deployment => deployment.State == DeploymentState.Queued))
        {
            logs.Open(waiting.Id);
        }

        _open = true;
        Pump();
    }

    /// <summary>Ends everything that runs and waits for it.</summary>
    internal async Task CloseAsync()
    {
        _open = false;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Values.Select(running => running.Work)).ConfigureAwait(false);
    }

    /// <summary>Whether a deployment of an application waits or runs.</summary>
    internal bool IsBusy(string appId) => store.Deployments.All.Any(deployment => deployment.AppId == appId && !deployment.Ended);

    private void RefuseFull(App app)
    {
        var server = store.Servers.Find(app.ServerId);
        var waiting = store.Deployments.All.Count(other => other.State == DeploymentState.Queued && store.Apps.Find(other.AppId)?.ServerId == app.ServerId);
        if (waiting >= (server?.QueueLimit ?? 0))
        {
            throw new PlatformException(Refusal.Busy, "Deployment queue is full. Please wait for existing deployments to complete.");
        }
    }

    private void Pump()
    {
        lock (_gate)
        {
            if (!_open)
            {
                return;
            }

            var busy = _running.Values.Select(running => running.AppId).ToHashSet(StringComparer.Ordinal);
            foreach (var next in store.Deployments.All.Where(deployment => deployment.State == DeploymentState.Queued).OrderBy(deployment => deployment.Created).ThenBy(deployment => deployment.Number).ToList())
            {
                if (busy.Add(next.AppId))
                {
                    var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                    var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _running[next.Id] = new Running(next.AppId, cancel, WorkAsync(next, start.Task, cancel));
                    start.SetResult();
                }
            }
        }
    }

    private async Task WorkAsync(Deployment deployment, Task start, CancellationTokenSource cancel)
    {
        await start.ConfigureAwait(false);
        await Task.Yield();
        try
        {
            // A later one may have taken its place since it was looked up.
            deployment = store.UpdateDeployment(deployment.Id, present => present.State == DeploymentState.Queued ? present with { Started = time.GetUtcNow() } : present);
            if (!deployment.Ended)
            {
                await WorkAsync(deployment, cancel.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            log.LogError(e, "deployment {Deployment} ended with an error", deployment.Id);
        }
        finally
        {
            lock (_gate)
            {
                _running.TryRemove(deployment.Id, out _);
            }

            cancel.Dispose();
            Pump();
        }
    }

    private async Task WorkAsync(Deployment deployment, CancellationToken cancellation)
    {
        var text = logs.Open(deployment.Id);
        try
        {
            await run.RunAsync(deployment, text, cancellation).ConfigureAwait(false);
            text.Write("Done.");
            End(deployment.Id, DeploymentState.Succeeded, null);
            await cleanup.AfterAsync(deployment.AppId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            text.Write("The platform stops; the deployment is given up.");
            End(deployment.Id, DeploymentState.Failed, "interrupted: the platform was stopped");
        }
        catch (OperationCanceledException)
        {
            text.Write("Cancelled.");
            End(deployment.Id, DeploymentState.Cancelled, "cancelled by a user");
        }
        catch (Exception e)
        {
            if (e is not (PlatformException or EngineApiException or EngineUnreachableException or IOException))
            {
                log.LogError(e, "deployment {Deployment} failed", deployment.Id);
            }

            var reason = text.Redaction.Apply(e.Message);
            text.Write("Failed: " + reason);
            End(deployment.Id, DeploymentState.Failed, reason);
        }
    }

    private void End(string deploymentId, DeploymentState state, string? error)
    {
        store.UpdateDeployment(deploymentId, present => present with { State = state, Error = error, Finished = time.GetUtcNow() });
        logs.Close(deploymentId);
    }

    private sealed record Running(string AppId, CancellationTokenSource Cancel, Task Work);
}
