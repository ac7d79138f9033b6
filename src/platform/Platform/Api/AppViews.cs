using Slipway.Platform.Apps;
using Slipway.Platform.Deploys;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Store;

namespace Slipway.Platform.Api;

/// <summary>Shows applications.</summary>
public sealed class AppViews(PlatformStore store, AppLife life, AppRoom apps, Routes routes)
{
    /// <summary>An application without its secrets, with its state.</summary>
    public async Task<AppView> OfAsync(App app, CancellationToken cancellation)
    {
        var state = await life.StateAsync(app, cancellation).ConfigureAwait(false);
        var environment = store.Environments.Find(app.EnvironmentId);
        var release = store.Releases.Find(app.ReleaseId);
        return new AppView
        {
            Id = app.Id,
            Name = app.Name,
            Project = store.Projects.Find(environment?.ProjectId)?.Name ?? "",
            Environment = environment?.Name ?? "",
            Server = store.Servers.Find(app.ServerId)?.Name ?? "",
            State = state.State,
            Containers = state.Containers,
            Services = [.. app.Services.Select(service => ServiceOf(app, service, state, release))],
            Urls = routes.UrlsOf(app),
            Source = app.Source with { SealedKey = null, SealedRegistryPassword = null },
            Build = app.Build,
            Run = app.Run,
            Domains = [.. app.Domains.Select(domain => domain with { PasswordHash = null })],
            Release = release is null ? null : ReleaseView.Of(app, release),
            Deployment = apps.Deployments(app).FirstOrDefault(),
            Pinned = app.Pinned,
            Created = app.Created,
        };
    }

    private ServiceView ServiceOf(App app, AppService service, AppState state, Release? release)
    {
        IReadOnlyList<ContainerStatus> containers = [.. state.Containers.Where(container => service.Containers.Contains(container.Name))];
        var up = containers.Count(container => container.State == "running" || service.MayEnd);
        return new ServiceView(
            service.Name, app.Stopped || service.Stopped ? "stopped" : up == containers.Count ? "running" : up > 0 ? "degraded" : "exited",
            release?.Services.FirstOrDefault(other => other.Name == service.Name)?.Image ?? "", containers,
            [.. routes.DomainsOf(app).Where(domain => service.Ports.Any(port => ServiceDomains.IsOf(app, domain, service.Name, port))).Select(domain => routes.UrlOf(app, domain))]);
    }
}
