using Slipway.Platform.Access;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Slipway.Platform.Store;

namespace Slipway.Platform.Apps;

/// <summary>What a new application is to be.</summary>
/// <param name="Name">Name.</param>
/// <param name="Source">Source.</param>
public sealed record NewApp(string Name, AppSource Source)
{
    /// <summary>Project's name; made when it is missing.</summary>
    public string Project { get => field ?? "default"; init; }

    /// <summary>Environment's name; made when it is missing.</summary>
    public string Environment { get => field ?? "production"; init; }

    /// <summary>Server's name; null for the only one, or the first.</summary>
    public string? Server { get; init; }

    /// <summary>Build settings.</summary>
    public BuildSettings? Build { get; init; }

    /// <summary>Run settings.</summary>
    public RunSettings? Run { get; init; }
}

/// <summary>Makes, finds, changes and lists applications. What changes here serves from the next deployment on, but for domains, which change at once.</summary>
public sealed class AppRoom(PlatformStore store, SecretBox secrets, AuditLog audit, Routes routes, TimeProvider time)
{
    /// <summary>All applications by name.</summary>
    public IReadOnlyList<App> All() => [.. store.Apps.All.OrderBy(app => app.Name, StringComparer.Ordinal)];

    /// <summary>The application of a name or an identity.</summary>
    /// <exception cref="PlatformException">There is none.</exception>
    public App Get(string nameOrId) =>
        store.Apps.Find(nameOrId) ?? store.Apps.All.FirstOrDefault(app => app.Name == nameOrId)
            ?? throw new PlatformException(Refusal.NotFound, "there is no such application");

    /// <summary>Makes an application; nothing runs yet.</summary>
    public App Create(Caller caller, NewApp wanted)
    {
        caller.Require(Abilities.Write);
        App? app = null;
        store.Change(() =>
        {
            if (store.Apps.All.Any(other => other.Name == wanted.Name))
            {
                throw new PlatformException(Refusal.Conflict, $"there is an application with the name {wanted.Name} already");
            }

            List<StoreChange> changes = [];
            app = AppChecks.Check(new App
            {
                Id = Identity.New(),
                Name = wanted.Name,
                EnvironmentId = EnvironmentOf(wanted, changes),
                ServerId = ServerOf(wanted.Server).Id,
                Source = wanted.Source with { AutoDeploy = true },
                Build = wanted.Build ?? new BuildSettings(),
                Run = wanted.Run ?? new RunSettings(),
                SealedWebhookSecret = secrets.Seal(Identity.Secret()),
                Created = time.GetUtcNow(),
            });
            RefuseTaken(app);
            return [.. changes, store.Apps.Put(app.Id, app)];
        });
        audit.Note(caller, "app.create", app!.Name);
        return app;
    }

    /// <summary>Changes settings.</summary>
    /// <param name="caller">Who.</param>
    /// <param name="nameOrId">Which.</param>
    /// <param name="what">For the audit log.</param>
    /// <param name="become">The application as it is to be.</param>
    public App Change(Caller caller, string nameOrId, string what, Func<App, App> become)
    {
        caller.Require(Abilities.Write);
        var changed = store.Update(Get(nameOrId).Id, app => AppChecks.Check(become(app)));
        audit.Note(caller, "app.change", changed.Name, what);
        return changed;
    }

    /// <summary>Sets the domains and tells the proxy at once.</summary>
    /// <exception cref="PlatformException">Another application has one of them, or the proxy refuses them; then nothing is changed.</exception>
    public async Task<App> SetDomainsAsync(Caller caller, string nameOrId, IReadOnlyList<Domain> domains, CancellationToken cancellation)
    {
        caller.Require(Abilities.Write);
        var app = AppChecks.Check(Get(nameOrId) with { Domains = domains });
        RefuseTaken(app);
        var server = store.Servers.Find(app.ServerId)!;
        App Store() => store.Update(app.Id, present => { RefuseTaken(app); return present with { Domains = domains }; });
        if (app.ReleaseId is null)
        {
            Store();
        }
        else
        {
            await routes.SwitchAsync(server, app, () => Store(), cancellation).ConfigureAwait(false);
        }

        audit.Note(caller, "app.domains", app.Name, string.Join(' ', domains.Select(domain => domain.Url)));
        return store.Apps.Find(app.Id)!;
    }

    /// <summary>Sets a variable.</summary>
    public App SetVariable(Caller caller, string nameOrId, Variable variable, string value)
    {
        Rules.Key(variable.Key);
        var sealedValue = variable with { Sealed = secrets.Seal(Rules.Value(value)) };
        return Change(caller, nameOrId, $"variable {variable.Key}", app => app with { Variables = [.. app.Variables.Where(other => other.Key != variable.Key), sealedValue] });
    }

    /// <summary>Removes a variable.</summary>
    public App RemoveVariable(Caller caller, string nameOrId, string key) =>
        Change(caller, nameOrId, $"variable {key} removed", app => app.Variables.Any(variable => variable.Key == key)
            ? app with { Variables = [.. app.Variables.Where(variable => variable.Key != key)] }
            : throw new PlatformException(Refusal.NotFound, "there is no such variable"));

    /// <summary>Releases of an application, newest first.</summary>
    public IReadOnlyList<Release> ReleasesOf(App app) => [.. store.Releases.All.Where(release => release.AppId == app.Id).OrderByDescending(release => release.Number)];

    /// <summary>Deployments, newest first.</summary>
    /// <param name="app">Of one application; null for all.</param>
    public IReadOnlyList<Deployment> Deployments(App? app = null) =>
        [.. store.Deployments.All.Where(deployment => app is null || deployment.AppId == app.Id).OrderByDescending(deployment => deployment.Created).ThenByDescending(deployment => deployment.Number)];

    /// <summary>Refuses addresses that another application of the server has.</summary>
    internal void RefuseTaken(App app)
    {
        var wanted = routes.DomainsOf(app).Select(domain => (domain.Host, domain.Path)).ToHashSet();
        var other = store.Apps.All.FirstOrDefault(other => other.Id != app.Id && other.ServerId == app.ServerId && routes.DomainsOf(other).Any(domain => wanted.Contains((domain.Host, domain.Path))));
        if (other is not null)
        {
            throw new PlatformException(Refusal.Conflict, $"application {other.Name} answers at that address already");
        }
    }

    private Server ServerOf(string? name)
    {
        var servers = store.Servers.All.Where(server => !server.BuildServer).OrderBy(server => server.Name != "local").ThenBy(server => server.Name, StringComparer.Ordinal);
        return servers.FirstOrDefault(server => name is null || server.Name == name || server.Id == name)
            ?? throw new PlatformException(Refusal.Invalid, name is null ? "there is no server that runs applications" : $"there is no server {name} that runs applications");
    }

    private string EnvironmentOf(NewApp wanted, List<StoreChange> changes)
    {
        var project = store.Projects.All.FirstOrDefault(project => project.Name == Rules.Label(wanted.Project, "a project's name"));
        if (project is null)
        {
            project = new Project { Id = Identity.New(), Name = wanted.Project };
            changes.Add(store.Projects.Put(project.Id, project));
        }

        var environment = store.Environments.All.FirstOrDefault(environment => environment.ProjectId == project.Id && environment.Name == Rules.Label(wanted.Environment, "an environment's name"));
        if (environment is null)
        {
            environment = new AppEnvironment { Id = Identity.New(), ProjectId = project.Id, Name = wanted.Environment };
            changes.Add(store.Environments.Put(environment.Id, environment));
        }

        return environment.Id;
    }
}
