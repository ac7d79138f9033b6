using Slipway.Platform.Apps;
using Slipway.Platform.Deploys;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Api;

/// <summary>Applications and their settings.</summary>
internal static class AppEndpoints
{
    internal static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/apps", async (AppRoom apps, AppViews views, CancellationToken cancellation) =>
            (IReadOnlyList<AppView>)await Task.WhenAll(apps.All().Select(app => views.OfAsync(app, cancellation))).ConfigureAwait(false)).Needs(Abilities.Read).WithSummary("List applications");
        api.MapPost("/apps", async (HttpContext context, AppInput input, AppRoom apps, AppViews views, CancellationToken cancellation) =>
        {
            var app = apps.Create(context.Caller(), new NewApp(input.Name, Source(input.Source, new AppSource()))
            {
                Project = input.Project!, Environment = input.Environment!, Server = input.Server, Build = input.Build, Run = input.Run,
            });
            context.Response.StatusCode = StatusCodes.Status201Created;
            return await views.OfAsync(app, cancellation).ConfigureAwait(false);
        }).Needs(Abilities.Write).WithSummary("Make an application");
        api.MapGet("/apps/{app}", (string app, AppRoom apps, AppViews views, CancellationToken cancellation) => views.OfAsync(apps.Get(app), cancellation)).Needs(Abilities.Read).WithSummary("Show an application");
        api.MapPatch("/apps/{app}", (string app, AppPatch patch, HttpContext context, AppRoom apps, AppViews views, PlatformStore store, CancellationToken cancellation) =>
            views.OfAsync(apps.Change(context.Caller(), app, "settings", present => present with
            {
                Source = patch.Source is null ? present.Source : Source(patch.Source, present.Source),
                Build = patch.Build ?? present.Build,
                Run = patch.Run ?? present.Run,
                BuildServerId = patch.BuildServer is null ? present.BuildServerId : BuildServer(store, patch.BuildServer),
            }), cancellation)).Needs(Abilities.Write).WithSummary("Change an application's settings; they serve from the next deployment on");
        api.MapDelete("/apps/{app}", async (string app, bool? volumes, HttpContext context, AppLife life, CancellationToken cancellation) =>
        {
            await life.RemoveAsync(context.Caller(), app, volumes == true, cancellation).ConfigureAwait(false);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Remove an application, with volumes=true also its volumes");
        MapVariables(api);
        MapDomains(api);
        MapKeys(api);
    }

    private static void MapVariables(RouteGroupBuilder api)
    {
        api.MapGet("/apps/{app}/env", (string app, HttpContext context, AppRoom apps, SecretBox secrets) =>
            (IReadOnlyList<VariableView>)[.. apps.Get(app).Variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => new VariableView(
                variable.Key, variable.Secret || !context.Caller().May(Abilities.ReadSensitive) ? null : secrets.Reveal(variable.Sealed), variable.Build, variable.Run, variable.Literal, variable.Secret))])
            .Needs(Abilities.Read).WithSummary("List an application's variables");
        api.MapPut("/apps/{app}/env/{key}", (string app, string key, VariableInput input, HttpContext context, AppRoom apps) =>
        {
            apps.SetVariable(context.Caller(), app, new Variable { Key = key, Sealed = "", Build = input.Build ?? false, Run = input.Run ?? true, Literal = input.Literal, Secret = input.Secret }, input.Value);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Set a variable");
        api.MapDelete("/apps/{app}/env/{key}", (string app, string key, HttpContext context, AppRoom apps) =>
        {
            apps.RemoveVariable(context.Caller(), app, key);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Remove a variable");
    }

    private static void MapDomains(RouteGroupBuilder api) =>
        api.MapPut("/apps/{app}/domains", async (string app, IReadOnlyList<DomainInput> input, HttpContext context, AppRoom apps, PasswordHash passwords, PlatformStore store, AppViews views, CancellationToken cancellation) =>
        {
            context.Caller().Require(Abilities.Write);
            var present = apps.Get(app);
            List<Domain> domains = [];
            foreach (var domain in input)
            {
                var before = present.Domains.FirstOrDefault(other => other.Host == domain.Host && other.Path == domain.Path && other.User == domain.User);
                domains.Add(new Domain
                {
                    Host = Rules.Host(domain.Host), Service = domain.Service, Port = domain.Port, Path = domain.Path, Tls = domain.Tls, StripPath = domain.StripPath, RedirectTo = domain.RedirectTo, User = domain.User,
                    PasswordHash = domain.User is null ? null : domain.Password is null
                        ? before?.PasswordHash ?? throw Rules.Invalid("a user needs a password")
                        : await passwords.OfAsync(store.Servers.Find(present.ServerId)!, present, domain.Password, cancellation).ConfigureAwait(false),
                });
            }

            return await views.OfAsync(await apps.SetDomainsAsync(context.Caller(), app, domains, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }).Needs(Abilities.Write).WithSummary("Set an application's domains; they serve at once");

    private static void MapKeys(RouteGroupBuilder api)
    {
        api.MapPost("/apps/{app}/deploy-key", async (string app, HttpContext context, AppRoom apps, DeployKeys keys, CancellationToken cancellation) =>
            new DeployKeyView(await keys.GenerateAsync(context.Caller(), apps.Get(app), cancellation).ConfigureAwait(false))).Needs(Abilities.Write).WithSummary("Make a new deploy key");
        api.MapPut("/apps/{app}/registry", (string app, RegistryLogin input, HttpContext context, ImageRegistry registry) =>
        {
            registry.SetLogin(context.Caller(), app, input.User, input.Password);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Set as whom an application's image is pulled; an empty user for nobody");
        api.MapGet("/apps/{app}/webhook", (string app, HttpContext context, AppRoom apps, SecretBox secrets) =>
        {
            var found = apps.Get(app);
            var root = $"{context.Request.Scheme}://{context.Request.Host}/webhooks/source";
            return new WebhookView(((string[])["github", "gitlab", "gitea", "bitbucket"]).ToDictionary(host => host, host => $"{root}/{host}/events/manual"), secrets.Reveal(found.SealedWebhookSecret));
        }).Needs(Abilities.Write).WithSummary("Show where a git host sends its events, and the secret");
    }

    // Keys and passwords have their own endpoints. A login is for one registry: another image does not get it.
    private static AppSource Source(AppSource wanted, AppSource present)
    {
        var same = present.RegistryUser is not null && ImageRegistry.HostOf(wanted.Image ?? "") == ImageRegistry.HostOf(present.Image ?? "");
        return wanted with { DeployKey = present.DeployKey, SealedKey = present.SealedKey, RegistryUser = same ? present.RegistryUser : null, SealedRegistryPassword = same ? present.SealedRegistryPassword : null };
    }

    private static string? BuildServer(PlatformStore store, string name) => name.Length == 0 ? null
        : store.Servers.All.FirstOrDefault(server => server.Name == name)?.Id ?? throw new PlatformException(Refusal.Invalid, "there is no such server");
}
