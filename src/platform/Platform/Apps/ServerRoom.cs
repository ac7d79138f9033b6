using Slipway.DockerApi;
using Slipway.Platform.Access;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Apps;

/// <summary>Makes, finds, changes and removes servers.</summary>
public sealed class ServerRoom(PlatformStore store, EnginePool engines, EngineTwins twins, SecretBox secrets, AuditLog audit)
{
    /// <summary>The server of a name or an identity.</summary>
    /// <exception cref="PlatformException">There is none.</exception>
    public Server Get(string nameOrId) =>
        store.Servers.All.FirstOrDefault(server => server.Name == nameOrId || server.Id == nameOrId) ?? throw new PlatformException(Refusal.NotFound, "there is no such server");

    /// <summary>Adds a server.</summary>
    /// <exception cref="PlatformException">It makes no sense, its name is taken, or its engine is another server's.</exception>
    public async Task<Server> AddAsync(Caller caller, Server wanted, CancellationToken cancellation)
    {
        caller.Require(Abilities.Root);
        var server = Checked(wanted with { Id = Identity.New(), RegistryUser = null, SealedRegistryPassword = null });
        await twins.RefuseAsync(server, cancellation).ConfigureAwait(false);
        store.Change(() => store.Servers.All.Any(other => other.Name == server.Name)
            ? throw new PlatformException(Refusal.Conflict, "there is a server with that name already")
            : [store.Servers.Put(server.Id, server)]);
        audit.Note(caller, "server.add", server.Name, server.Address);
        return server;
    }

    /// <summary>Changes a server; its name and its login at the registry stay, the latter only for the same registry.</summary>
    /// <exception cref="PlatformException">It makes no sense, or its engine is another server's.</exception>
    public async Task<Server> ChangeAsync(Caller caller, string name, Server wanted, CancellationToken cancellation)
    {
        caller.Require(Abilities.Root);
        var present = Get(name);
        var same = wanted.Registry is not null && present.Registry is not null && ImageRegistry.HostOf(wanted.Registry) == ImageRegistry.HostOf(present.Registry);
        var server = Checked(wanted with { Id = present.Id, Name = present.Name, RegistryUser = same ? present.RegistryUser : null, SealedRegistryPassword = same ? present.SealedRegistryPassword : null });
        if ((server.Address, server.TlsDirectory, server.BuildServer) != (present.Address, present.TlsDirectory, present.BuildServer))
        {
            await twins.RefuseAsync(server, cancellation).ConfigureAwait(false);
        }

        store.Commit(store.Servers.Put(server.Id, server));
        audit.Note(caller, "server.change", server.Name, server.Address);
        return server;
    }

    /// <summary>Removes a server that no application uses.</summary>
    public void Remove(Caller caller, string name)
    {
        caller.Require(Abilities.Root);
        var server = Get(name);
        store.Change(() => store.Apps.All.FirstOrDefault(app => app.ServerId == server.Id || app.BuildServerId == server.Id) is { } app
            ? throw new PlatformException(Refusal.Conflict, $"application {app.Name} uses the server")
            : [store.Servers.Delete(server.Id)]);
        audit.Note(caller, "server.remove", server.Name);
    }

    /// <summary>Sets as whom built images are pushed and pulled.</summary>
    /// <param name="caller">Who sets it.</param>
    /// <param name="name">The server.</param>
    /// <param name="user">Name at the registry; empty for nobody.</param>
    /// <param name="password">Password or token.</param>
    public void SetLogin(Caller caller, string name, string user, string password)
    {
        caller.Require(Abilities.Root);
        Rules.Text(user, "a user's name", 256);
        Rules.Text(password, "a password", 16 * 1024);
        var server = Get(name);
        if (user.Length > 0 && server.Registry is null)
        {
            throw new PlatformException(Refusal.Conflict, $"server {server.Name} has no registry to log in to");
        }

        store.Commit(store.Servers.Put(server.Id, server with { RegistryUser = user.Length > 0 ? user : null, SealedRegistryPassword = user.Length > 0 ? secrets.Seal(password) : null }));
        audit.Note(caller, "server.registry", server.Name);
    }

    /// <summary>As whom images of a server's registry are pushed and pulled; null for nobody.</summary>
    internal AuthConfig? LoginOf(Server server) => server is { Registry: { } registry, RegistryUser: { } user, SealedRegistryPassword: { } password }
        ? new AuthConfig { Username = user, Password = secrets.Reveal(password), ServerAddress = ImageRegistry.HostOf(registry) } : null;

    private Server Checked(Server server)
    {
        Rules.Label(server.Name, "a server's name");
        Rules.Between(server.ConcurrentBuilds, 1, 100, "the number of builds");
        Rules.Between(server.BuildTimeoutSeconds, 1, 86_400, "the build's time");
        Rules.Between(server.QueueLimit, 1, 10_000, "the queue's length");
        Rules.Between(server.KeepReleases, 1, 1000, "the number of releases");
        _ = server.Registry is null ? null : Rules.Image(server.Registry);
        engines.Of(server);
        return server;
    }
}
