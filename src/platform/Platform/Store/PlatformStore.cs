using Slipway.Platform.Model;

namespace Slipway.Platform.Store;

/// <summary>What exists: every object of the platform, in memory and in SQLite. Readers need no lock; writers are let in one at a time.</summary>
public sealed class PlatformStore : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Database _database;

    private PlatformStore(Database database)
    {
        _database = database;
        var json = StoreJson.Default;
        Servers = new(database, "server", json.Server);
        Projects = new(database, "project", json.Project);
        Environments = new(database, "environment", json.AppEnvironment);
        Apps = new(database, "app", json.App);
        Releases = new(database, "release", json.Release);
        Deployments = new(database, "deployment", json.Deployment);
        Tokens = new(database, "token", json.AccessToken);
        Audit = new(database, "audit", json.AuditEntry);
    }

    /// <summary>Engines.</summary>
    public Table<Server> Servers { get; }

    /// <summary>Projects.</summary>
    public Table<Project> Projects { get; }

    /// <summary>Environments.</summary>
    public Table<AppEnvironment> Environments { get; }

    /// <summary>Applications.</summary>
    public Table<App> Apps { get; }

    /// <summary>Releases.</summary>
    public Table<Release> Releases { get; }

    /// <summary>Deployments.</summary>
    public Table<Deployment> Deployments { get; }

    /// <summary>Tokens.</summary>
    public Table<AccessToken> Tokens { get; }

    /// <summary>The audit log.</summary>
    public Table<AuditEntry> Audit { get; }

    /// <summary>Opens the store.</summary>
    public static PlatformStore Open(string path) => new(Database.Open(path));

    /// <summary>Makes changes, all or none; on disk when it returns.</summary>
    public void Commit(params IReadOnlyList<StoreChange> changes) => Change(() => changes);

    /// <summary>Decides on changes and makes them while nobody else writes.</summary>
    /// <param name="decide">Reads, checks and returns the changes; what it throws leaves everything as it is.</param>
    public void Change(Func<IReadOnlyList<StoreChange>> decide)
    {
        lock (_gate)
        {
            var changes = decide();
            _database.Write(changes.Select(change => change.Row));
            foreach (var change in changes)
            {
                change.Apply();
            }
        }
    }

    /// <summary>Replaces an application by what it becomes.</summary>
    /// <exception cref="PlatformException">It is gone.</exception>
    public App Update(string appId, Func<App, App> become)
    {
        App? result = null;
        Change(() =>
        {
            result = become(Apps.Find(appId) ?? throw new PlatformException(Refusal.NotFound, "the application is gone"));
            return [Apps.Put(appId, result)];
        });
        return result!;
    }

    /// <summary>Replaces a deployment by what it becomes.</summary>
    public Deployment UpdateDeployment(string id, Func<Deployment, Deployment> become)
    {
        Deployment? result = null;
        Change(() =>
        {
            result = become(Deployments.Find(id) ?? throw new PlatformException(Refusal.NotFound, "the deployment is gone"));
            return [Deployments.Put(id, result)];
        });
        return result!;
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();
}
