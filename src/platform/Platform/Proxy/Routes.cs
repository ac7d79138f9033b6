using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Settings;
using Slipway.Platform.Store;

namespace Slipway.Platform.Proxy;

/// <summary>Containers that take an application's requests from now on.</summary>
/// <param name="App">The application, as it will be stored.</param>
/// <param name="Release">Its release; null for none.</param>
internal sealed record Candidate(App App, Release? Release);

/// <summary>Keeps the proxies' routes as the store says. One document per server is in force; it is replaced as a whole.</summary>
public sealed class Routes(PlatformStore store, EnginePool engines, ProxyContainer proxy, ServerOptions options, TimeProvider time, ILogger<Routes> log) : IDisposable
{
    private readonly ConcurrentDictionary<string, ServerRoutes> _servers = new(StringComparer.Ordinal);

    /// <summary>Loads what the store says, if the proxy has something else.</summary>
    public Task ReconcileAsync(Server server, CancellationToken cancellation) => SwitchAsync(server, null, null, [], cancellation);

    /// <summary>Where an application answers.</summary>
    public IReadOnlyList<Domain> DomainsOf(App app) => app.Domains.Count > 0 ? app.Domains : [new Domain { Host = $"{app.Name}.{options.BaseDomain}" }];

    /// <summary>The addresses of an application, with ports where they are unusual.</summary>
    public IReadOnlyList<string> UrlsOf(App app)
    {
        var server = store.Servers.Find(app.ServerId);
        return [.. DomainsOf(app).Select(domain =>
        {
            var port = PortOf(domain.Tls == "none" ? server?.HttpPort ?? "80" : server?.HttpsPort ?? "443");
            var usual = domain.Tls == "none" ? 80 : 443;
            return port == usual ? domain.Url : domain.Url.Insert(domain.Url.IndexOf("//", StringComparison.Ordinal) + 2 + domain.Host.Length, string.Create(CultureInfo.InvariantCulture, $":{port}"));
        })];
    }

    /// <summary>
    /// Sends an application's requests elsewhere: loads the routes, and stores the change when the proxy has taken them. No other change of
    /// routes comes between both.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="candidate">The application as it will be; null to load what the store says.</param>
    /// <param name="commit">Stores the change.</param>
    /// <param name="leaving">Upstreams that get no new requests from now on.</param>
    /// <param name="cancellation">Ends the attempt before the routes are loaded.</param>
    internal async Task SwitchAsync(Server server, Candidate? candidate, Action? commit, IReadOnlyList<string> leaving, CancellationToken cancellation)
    {
        var state = _servers.GetOrAdd(server.Id, _ => new ServerRoutes());
        await state.Gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (candidate is not null)
            {
                state.ForgetDrained();
            }

            foreach (var upstream in leaving)
            {
                state.Draining[upstream] = false;
            }

            await LoadAsync(server, state, candidate, always: candidate is not null, cancellation).ConfigureAwait(false);
            commit?.Invoke();
        }
        finally
        {
            state.Gate.Release();
        }
    }

    /// <summary>Waits until no request runs at upstreams that get no new ones, or the time is over.</summary>
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
                var running = await Admin(server, state).RunningAsync(cancellation).ConfigureAwait(false);
                left = upstreams.Sum(upstream => running.GetValueOrDefault(upstream));
                if (left > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation).ConfigureAwait(false);
                }
            }
            while (left > 0 && time.GetUtcNow() < until);
        }
        catch (PlatformException e)
        {
            log.LogWarning("requests that leave cannot be counted: {Reason}", e.Message);
        }

        foreach (var upstream in upstreams)
        {
            state.Draining[upstream] = true;
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

    internal static string Upstream(string container, int port) => string.Create(CultureInfo.InvariantCulture, $"{container}:{port}");

    private static int PortOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : IPEndPoint.TryParse(text, out var end) ? end.Port : 0;

    private async Task LoadAsync(Server server, ServerRoutes state, Candidate? candidate, bool always, CancellationToken cancellation)
    {
        var apps = store.Apps.All.Where(app => app.ServerId == server.Id && app.Id != candidate?.App.Id).ToList();
        var routed = apps.Where(app => app.ReleaseId is not null).Select(app => Routed(app, store.Releases.Find(app.ReleaseId))).ToList();
        if (candidate is { App.ReleaseId: not null })
        {
            apps.Add(candidate.App);
            routed.Add(Routed(candidate.App, candidate.Release));
        }

        if (apps.Count == 0 && candidate is null)
        {
            return;
        }

        await proxy.EnsureAsync(server, apps.Select(app => app.EnvironmentId).Distinct(StringComparer.Ordinal), cancellation).ConfigureAwait(false);
        var (json, revision) = RouteDocument.Write(routed, [.. state.Draining.Keys.Order(StringComparer.Ordinal)], PortOf(server.HttpsPort));
        var admin = Admin(server, state);
        if (always || await PatientAsync(() => admin.RevisionAsync(cancellation), cancellation).ConfigureAwait(false) != revision)
        {
            await PatientAsync(async () => { await admin.LoadAsync(json, cancellation).ConfigureAwait(false); return revision; }, cancellation).ConfigureAwait(false);
            log.LogInformation("server {Server} has routes {Revision} for {Count} applications", server.Name, revision[..8], routed.Count);
        }
    }

    private RoutedApp Routed(App app, Release? release) =>
        new(app.Name, DomainsOf(app), app.Stopped || release is null ? [] : [.. app.Containers.Select(container => Upstream(container, release.Port))]);

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

        /// <summary>Upstreams without new requests, and whether their last one has ended. They stay in the document until it changes anyway.</summary>
        internal ConcurrentDictionary<string, bool> Draining { get; } = new(StringComparer.Ordinal);

        internal CaddyAdmin? Admin { get; set; }

        internal void ForgetDrained()
        {
            foreach (var upstream in Draining.Where(entry => entry.Value).Select(entry => entry.Key))
            {
                Draining.TryRemove(upstream, out _);
            }
        }

        public void Dispose()
        {
            Gate.Dispose();
            Admin?.Dispose();
        }
    }
}
