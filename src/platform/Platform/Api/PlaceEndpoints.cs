using Slipway.Client;
using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Store;

namespace Slipway.Platform.Api;

/// <summary>Servers, projects, environments, tokens and the audit log.</summary>
internal static class PlaceEndpoints
{
    internal static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/servers", (PlatformStore store) => (IReadOnlyList<Server>)[.. store.Servers.All.OrderBy(server => server.Name, StringComparer.Ordinal).Select(Shown)]).Needs(Abilities.Read).WithSummary("List servers");
        api.MapPost("/servers", async (Server input, HttpContext context, ServerRoom servers, CancellationToken cancellation) =>
            Shown(await servers.AddAsync(context.Caller(), input, cancellation).ConfigureAwait(false))).Needs(Abilities.Root).WithSummary("Add a server");
        api.MapPut("/servers/{name}", async (string name, Server input, HttpContext context, ServerRoom servers, CancellationToken cancellation) =>
            Shown(await servers.ChangeAsync(context.Caller(), name, input, cancellation).ConfigureAwait(false))).Needs(Abilities.Root).WithSummary("Change a server");
        api.MapDelete("/servers/{name}", (string name, HttpContext context, ServerRoom servers) =>
        {
            servers.Remove(context.Caller(), name);
            return Results.NoContent();
        }).Needs(Abilities.Root).WithSummary("Remove a server that no application uses");
        api.MapPut("/servers/{name}/registry", (string name, RegistryLogin input, HttpContext context, ServerRoom servers) =>
        {
            servers.SetLogin(context.Caller(), name, input.User, input.Password);
            return Results.NoContent();
        }).Needs(Abilities.Root).WithSummary("Set as whom built images are pushed to the server's registry and pulled from it; an empty user for nobody");
        api.MapPost("/servers/{name}/check", (string name, ServerRoom servers, EnginePool engines, Routes routes, CancellationToken cancellation) => CheckAsync(servers.Get(name), engines, routes, cancellation)).Needs(Abilities.Read).WithSummary("Check a server");
        api.MapGet("/projects", (PlatformStore store) => (IReadOnlyList<Project>)[.. store.Projects.All.OrderBy(project => project.Name, StringComparer.Ordinal).Select(project => project with { Shared = [] })]).Needs(Abilities.Read).WithSummary("List projects");
        api.MapGet("/environments", (PlatformStore store) => (IReadOnlyList<AppEnvironment>)[.. store.Environments.All.OrderBy(environment => environment.Name, StringComparer.Ordinal).Select(environment => environment with { Shared = [] })]).Needs(Abilities.Read).WithSummary("List environments");
        MapShared(api);
        MapTokens(api);
        api.MapGet("/audit", (int? limit, AuditLog audit) => audit.Latest(Math.Clamp(limit ?? 100, 1, 1000))).Needs(Abilities.Root).WithSummary("Read the audit log, newest first");
    }

    private static void MapShared(RouteGroupBuilder api)
    {
        api.MapPut("/projects/{name}/env/{key}", (string name, string key, VariableInput input, HttpContext context, PlatformStore store, Secrets.SecretBox secrets, AuditLog audit) =>
        {
            store.Change(() =>
            {
                var project = store.Projects.All.FirstOrDefault(project => project.Name == name) ?? throw new PlatformException(Refusal.NotFound, "there is no such project");
                return [store.Projects.Put(project.Id, project with { Shared = Set(project.Shared, key, input, secrets) })];
            });
            audit.Note(context.Caller(), "project.variable", name, key);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Set a variable that values refer to as {{project.KEY}}");
        api.MapPut("/projects/{name}/environments/{environment}/env/{key}", (string name, string environment, string key, VariableInput input, HttpContext context, PlatformStore store, Secrets.SecretBox secrets, AuditLog audit) =>
        {
            store.Change(() =>
            {
                var found = store.Environments.All.FirstOrDefault(candidate => candidate.Name == environment && store.Projects.Find(candidate.ProjectId)?.Name == name) ?? throw new PlatformException(Refusal.NotFound, "there is no such environment");
                return [store.Environments.Put(found.Id, found with { Shared = Set(found.Shared, key, input, secrets) })];
            });
            audit.Note(context.Caller(), "environment.variable", environment, key);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Set a variable that values refer to as {{environment.KEY}}");
    }

    private static IReadOnlyList<Variable> Set(IReadOnlyList<Variable> present, string key, VariableInput input, Secrets.SecretBox secrets) =>
        [.. present.Where(variable => variable.Key != Rules.Key(key)), new Variable { Key = key, Sealed = secrets.Seal(Rules.Value(input.Value)), Build = true, Run = true, Literal = input.Literal, Secret = input.Secret }];

    private static void MapTokens(RouteGroupBuilder api)
    {
        api.MapGet("/tokens", (PlatformStore store) => (IReadOnlyList<TokenView>)[.. store.Tokens.All.OrderBy(token => token.Created).Select(token => View(token, null))]).Needs(Abilities.Root).WithSummary("List tokens");
        api.MapPost("/tokens", (TokenInput input, HttpContext context, Gate gate, TimeProvider time, AuditLog audit) =>
        {
            var abilities = Abilities.None;
            foreach (var word in input.Abilities)
            {
                abilities |= Enum.TryParse<Abilities>(word.Replace(":", "", StringComparison.Ordinal), ignoreCase: true, out var ability) && !char.IsAsciiDigit(word[0]) ? ability : throw Rules.Invalid("there is no such ability");
            }

            var (token, text) = gate.Create(input.Name, abilities, input.Days is { } days ? time.GetUtcNow().AddDays(Rules.Between(days, 1, 3650, "the number of days")) : null);
            audit.Note(context.Caller(), "token.create", token.Name, token.Abilities.ToString());
            return View(token, text);
        }).Needs(Abilities.Root).WithSummary("Make a token; it is shown this once");
        api.MapDelete("/tokens/{id}", (string id, HttpContext context, PlatformStore store, AuditLog audit) =>
        {
            var token = store.Tokens.Find(id) ?? throw new PlatformException(Refusal.NotFound, "there is no such token");
            store.Commit(store.Tokens.Delete(token.Id));
            audit.Note(context.Caller(), "token.revoke", token.Name);
            return Results.NoContent();
        }).Needs(Abilities.Root).WithSummary("Revoke a token");
    }

    private static TokenView View(AccessToken token, string? text) => new(token.Id, token.Name, token.Abilities.ToString(), token.Created, token.Expires, text);

    private static Server Shown(Server server) => server with { SealedRegistryPassword = null };

    private static async Task<ServerCheck> CheckAsync(Server server, EnginePool engines, Routes routes, CancellationToken cancellation)
    {
        string? version = null;
        try
        {
            version = (await engines.Of(server).VersionAsync(cancellation).ConfigureAwait(false)).Version;
            if (!server.BuildServer)
            {
                await routes.ReconcileAsync(server, cancellation).ConfigureAwait(false);
            }

            return new ServerCheck(true, version, !server.BuildServer, null);
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException or PlatformException)
        {
            return new ServerCheck(version is not null, version, false, e.Message);
        }
    }
}
