using System.Collections.Concurrent;
using System.Globalization;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Settings;
using Slipway.Platform.Store;

namespace Slipway.Platform.Proxy;

/// <summary>
/// Keeps the proxies' routes as the store says. One document per server says which names belong to which application; it is replaced as a
/// whole when names change. <see cref="Targets"/> say which containers serve an application.
/// </summary>
public sealed class Routes(PlatformStore store, EnginePool engines, ProxyContainer proxy, ServerOptions options, TimeProvider time, ILogger<Routes> log) : IDisposable
{
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, ServerRoutes> _servers = new(StringComparer.Ordinal);

    /// <summary>Loads what the store says, if the proxy has something else.</summary>
    public Task ReconcileAsync(Server server, CancellationToken cancellation) => SwitchAsync(server, null, null, cancellation);

    /// <summary>Where an application answers.</summary>
    public IReadOnlyList<Domain> DomainsOf(App app) => app.Services.Count > 0 ? ServiceDomains.Of(app, options.BaseDomain)
        : app.Domains.Count > 0 ? app.Domains : [new Domain { Host = $"{app.Name}.{options.BaseDomain}" }];

    /// <summary>The addresses of an application, with ports where they are unusual.</summary>
    public IReadOnlyList<string> UrlsOf(App app) => [.. DomainsOf(app).Select(domain => UrlOf(app, domain))];

    /// <summary>One address of an application, with its port where that is unusual.</summary>
    public string UrlOf(App app, Domain domain)
    {
        var server = store.Servers.Find(app.ServerId);
        var port = PortOf(domain.Tls == "none" ? server?.HttpPort ?? "80" : server?.HttpsPort ?? "443");
        var usual = domain.Tls == "none" ? 80 : 443;
        return port == usual ? domain.Url : domain.Url.Insert(domain.Url.IndexOf("//", StringComparison.Ordinal) + 2 + domain.Host.Length, string.Create(CultureInfo.InvariantCulture, $":{port}"));
    }

    /// <summary>
    /// Sends an application's requests elsewhere: tells the proxy, and stores the change when the proxy has taken it. No other change of
    /// routes comes between both.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="candidate">The application as it will be; null to load what the store says.</param>
    /// <param name="commit">Stores the change.</param>
    /// <param name="cancellation">Ends the attempt before anything is changed.</param>
    internal async Task SwitchAsync(Server server, App? candidate, Action? commit, CancellationToken cancellation)
    {
        var state = _servers.GetOrAdd(server.Id, _ => new ServerRoutes());
        await state.Gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var apps = store.Apps.All.Where(app => app.ServerId == server.Id && app.Id != candidate?.Id).ToList();
            if (candidate is not null)
            {
                apps.Add(candidate);
            }

            if (apps.Count > 0)
            {
                await LoadAsync(server, state, apps, trust: candidate is not null, cancellation).ConfigureAwait(false);
                await ReadyAsync(server, state, candidate is not null, cancellation).ConfigureAwait(false);
                await AimAsync(server, state, apps, candidate, commit, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            state.Gate.Release();
        }
    }

    /// <summary>Waits until no request runs at containers that get no new ones, or the time is over.</summary>
    /// <param name="server">The server.</param>
    /// <param name="upstreams">The containers, as <c>address:port</c>.</param>
    /// <param name="limit">The time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How many requests still ran.</returns>
    internal async Task<int> DrainAsync(Server server, IReadOnlyList<string> upstreams, TimeSpan limit, CancellationToken cancellation)
    {
        var state = _servers.GetOrAdd(server.Id, _ => new ServerRoutes());
        var until = time.GetUtcNow() + limit;
        var left = 0;
        try
        {
            do
            {
                // The first pause is for requests that had read the old target and were not counted yet.
                await Task.Delay(left == 0 ? s_settle : s_poll, time, cancellation).ConfigureAwait(false);
                var running = await Admin(server, state).RunningAsync(cancellation).ConfigureAwait(false);
                left = upstreams.Sum(upstream => running.GetValueOrDefault(upstream));
            }
            while (left > 0 && time.GetUtcNow() < until);
        }
        catch (PlatformException e)
        {
            log.LogWarning("requests that leave cannot be counted: {Reason}", e.Message);
        }

        return left;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var state in _servers.Values)
        {
            state.Dispose();
        }
    }

    private static int PortOf(string text) => ProxyAddress.Parse(text)?.Port ?? 0;

    // The document, which knows no containers. One that was loaded is trusted when a release waits for its turn; Upkeep looks at it all the time.
    private async Task LoadAsync(Server server, ServerRoutes state, List<App> apps, bool trust, CancellationToken cancellation)
    {
        var (json, revision) = RouteDocument.Write([.. apps.Where(app => app.ReleaseId is not null).SelectMany(RoutedOf)], PortOf(server.HttpsPort), proxy.AcmeIssuer());
        if (trust && state.Loaded == revision)
        {
            return;
        }

        state.Reached &= !await proxy.EnsureAsync(server, apps.Select(app => app.EnvironmentId).Distinct(StringComparer.Ordinal), cancellation).ConfigureAwait(false);
        var admin = Admin(server, state);
        if (await PatientAsync(() => admin.RevisionAsync(cancellation), cancellation).ConfigureAwait(false) != revision)
        {
            await PatientAsync(async () => { await admin.LoadAsync(json, cancellation).ConfigureAwait(false); return revision; }, cancellation).ConfigureAwait(false);
            log.LogInformation("server {Server} has routes {Revision} for {Count} applications", server.Name, revision[..8], apps.Count);
        }

        state.Loaded = revision;
    }

    // A proxy that has just been started or made anew answers its admin API before visitors can connect. What is said to serve has to.
    private async Task ReadyAsync(Server server, ServerRoutes state, bool switches, CancellationToken cancellation)
    {
        if (switches || !state.Reached)
        {
            await PatientAsync(async () => { await proxy.ListensAsync(server, cancellation).ConfigureAwait(false); return null; }, cancellation).ConfigureAwait(false);
        }

        if (!state.Reached && !await proxy.IsReachedAsync(server, cancellation).ConfigureAwait(false))
        {
            log.LogWarning("the proxy of server {Server} does not accept connections at {Port} of its machine", server.Name, server.HttpPort);
        }

        state.Reached = true;
    }

    // Where each application's requests go: the candidate's, or everything that differs from the store.
    private async Task AimAsync(Server server, ServerRoutes state, List<App> apps, App? candidate, Action? commit, CancellationToken cancellation)
    {
        var targets = new Targets(engines.Of(server), proxy.Name);
        if (candidate is null)
        {
            await CorrectAsync(targets, apps, cancellation).ConfigureAwait(false);
            return;
        }

        var wanted = ServiceDomains.TargetsOf(candidate);
        foreach (var (key, target) in wanted.Where(pair => pair.Value is not null))
        {
            await targets.SetAsync(key, target!, cancellation).ConfigureAwait(false);
        }

        try
        {
            commit?.Invoke();
        }
        catch
        {
            state.Loaded = null;
            await CorrectAsync(targets, [.. store.Apps.All.Where(app => app.ServerId == server.Id)], CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // Beside a newer one an old target does nothing; it goes with the next look, when no request can have read the directory before.
        foreach (var key in wanted.Where(pair => pair.Value is null).Select(pair => pair.Key))
        {
            await RemoveAsync(targets, candidate, key).ConfigureAwait(false);
        }
    }

    private static async Task CorrectAsync(Targets targets, List<App> apps, CancellationToken cancellation)
    {
        var present = await targets.ListAsync(cancellation).ConfigureAwait(false);
        var all = apps.SelectMany(ServiceDomains.TargetsOf).ToDictionary(StringComparer.Ordinal);
        foreach (var (key, wanted) in all)
        {
            var has = present.GetValueOrDefault(key) ?? [];
            if (wanted is not null && has.FirstOrDefault() != wanted)
            {
                await targets.SetAsync(key, wanted, cancellation).ConfigureAwait(false);
            }

            if (has.Any(target => target != wanted))
            {
                await targets.RemoveOthersAsync(key, wanted, cancellation).ConfigureAwait(false);
            }
        }

        foreach (var stranger in present.Keys.Except(all.Keys, StringComparer.Ordinal))
        {
            await targets.RemoveOthersAsync(stranger, null, cancellation).ConfigureAwait(false);
        }
    }

    private IEnumerable<RoutedApp> RoutedOf(App app) =>
        DomainsOf(app).GroupBy(domain => ServiceDomains.KeyOf(app, domain), StringComparer.Ordinal).Select(group => new RoutedApp(group.Key, app.Name, [.. group]));

    private async Task RemoveAsync(Targets targets, App app, string key)
    {
        try
        {
            await targets.RemoveOthersAsync(key, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (PlatformException e)
        {
            log.LogWarning("the target of {App} stays for now: {Reason}", app.Name, e.Message);
        }
    }

    // A proxy that just starts, or starts again, answers in a moment.
    private async Task<string?> PatientAsync(Func<Task<string?>> call, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (PlatformException e) when (e.Refusal == Refusal.Unavailable && attempt < 40)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private CaddyAdmin Admin(Server server, ServerRoutes state) => state.Admin ??= new CaddyAdmin(engines.Of(server), proxy.Name);

    private sealed class ServerRoutes : IDisposable
    {
        internal SemaphoreSlim Gate { get; } = new(1, 1);

        /// <summary>Revision of the document that was loaded or found; null when that is not known.</summary>
        internal string? Loaded { get; set; }

        /// <summary>Whether visitors could connect since the proxy was started.</summary>
        internal bool Reached { get; set; }

        internal CaddyAdmin? Admin { get; set; }

        public void Dispose()
        {
            Gate.Dispose();
            Admin?.Dispose();
        }
    }
}
