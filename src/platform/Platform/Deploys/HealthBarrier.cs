using System.Globalization;
using System.Net;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;

namespace Slipway.Platform.Deploys;

/// <summary>
/// Lets a new container pass when it is healthy: by a request or a connection from the proxy's place, by a command in it, or by its image's
/// health check. What reaches it that way is what the proxy will reach.
/// </summary>
public sealed class HealthBarrier(EnginePool engines, ProxyContainer proxy, TimeProvider time)
{
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(2);
    private const int MaxBody = 256 * 1024;

    /// <summary>Waits for one container.</summary>
    /// <exception cref="PlatformException">It ended, or the time is over; says what the last attempt said.</exception>
    internal async Task PassAsync(Server server, string container, Release release, DeploymentLog log, CancellationToken cancellation)
    {
        var (engine, health) = (engines.Of(server), release.Run.Health);
        var began = time.GetUtcNow();
        var inspect = await engine.InspectContainerAsync(container, cancellation: cancellation).ConfigureAwait(false);
        var kind = health.Kind != "auto" ? health.Kind : inspect.Config.Healthcheck?.Test is { Count: > 0 } test && test[0] != "NONE" ? "image" : release.Port > 0 ? "port" : "none";
        log.Write(kind switch
        {
            "http" => $"Waiting until {container} answers GET {health.Path} on port {release.Port}.",
            "command" => $"Waiting until {string.Join(' ', health.Command)} succeeds in {container}.",
            "image" => $"Waiting until the image's health check succeeds in {container}.",
            "port" => $"Waiting until {container} listens on port {release.Port}.",
            _ => $"Waiting whether {container} stays up.",
        });
        var pause = TimeSpan.FromMilliseconds(50);
        for (var reason = "no attempt was made"; ;)
        {
            RefuseEnded(inspect, container);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(health.TimeoutSeconds), time);
            using var registration = limit.Token.Register(attempt.Cancel);
            try
            {
                var failure = await AttemptAsync(kind, engine, container, release, inspect, began, attempt.Token).ConfigureAwait(false);
                if (failure is null)
                {
                    return;
                }

                reason = failure;
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                reason = string.Create(CultureInfo.InvariantCulture, $"no answer within {health.TimeoutSeconds} s");
            }

            if (time.GetUtcNow() - began > TimeSpan.FromSeconds(health.DeadlineSeconds))
            {
                throw new PlatformException(Refusal.Unavailable, string.Create(CultureInfo.InvariantCulture, $"{container} was not healthy within {health.DeadlineSeconds} s: {reason}"));
            }

            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
            pause = TimeSpan.FromSeconds(Math.Min(pause.TotalSeconds * 2, health.IntervalSeconds));
            inspect = await engine.InspectContainerAsync(container, cancellation: cancellation).ConfigureAwait(false);
        }
    }

    private static void RefuseEnded(ContainerInspect inspect, string container)
    {
        if (!inspect.State.Running)
        {
            throw new PlatformException(Refusal.Unavailable, inspect.State.OOMKilled
                ? $"{container} was ended for lack of memory"
                : string.Create(CultureInfo.InvariantCulture, $"{container} ended with exit code {inspect.State.ExitCode}{(inspect.State.Error.Length > 0 ? ": " + inspect.State.Error : "")}"));
        }
    }

    /// <returns>Why it is not healthy yet; null when it is.</returns>
    private async Task<string?> AttemptAsync(string kind, EngineClient engine, string container, Release release, ContainerInspect inspect, DateTimeOffset began, CancellationToken cancellation) => kind switch
    {
        "http" => await RequestAsync(engine, container, release, cancellation).ConfigureAwait(false),
        "command" => await CommandAsync(engine, container, release.Run.Health.Command, cancellation).ConfigureAwait(false),
        "image" => inspect.State.Health?.Status == "healthy" ? null : $"the image's health check says {inspect.State.Health?.Status ?? "nothing"}{Said(inspect)}",
        "port" => await ConnectAsync(engine, container, release.Port, cancellation).ConfigureAwait(false),
        _ => time.GetUtcNow() - began >= s_settle ? null : "it has just started",
    };

    private static string Said(ContainerInspect inspect) => inspect.State.Health?.Log is [.., { Output: { Length: > 0 } output }] ? ": " + output.Trim() : "";

    private static async Task<string?> CommandAsync(EngineClient engine, string container, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        try
        {
            var (code, output) = await ContainerCommand.RunAsync(engine, container, command, cancellation).ConfigureAwait(false);
            return code == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"the command ended with exit code {code}: {output.Trim()}");
        }
        catch (EngineApiException e)
        {
            return e.Message;
        }
    }

    private async Task<string?> ConnectAsync(EngineClient engine, string container, int port, CancellationToken cancellation)
    {
        var (code, _) = await ContainerCommand.RunAsync(
            engine, proxy.Name, ["socat", "-u", "OPEN:/dev/null", string.Create(CultureInfo.InvariantCulture, $"TCP:{container}:{port},connect-timeout=2")], cancellation).ConfigureAwait(false);
        return code == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"nothing listens on port {port} (at 0.0.0.0; 127.0.0.1 is not reached from outside the container)");
    }

    private async Task<string?> RequestAsync(EngineClient engine, string container, Release release, CancellationToken cancellation)
    {
        var health = release.Run.Health;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) => await ContainerTunnel.OpenAsync(engine, proxy.Name, container, release.Port, token).ConfigureAwait(false),
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false,
        };
        using var http = new HttpClient(handler);
        http.DefaultRequestHeaders.UserAgent.ParseAdd("Slipway-health");
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://localhost:{release.Port}{health.Path}"), HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            var status = (int)answer.StatusCode;
            if (health.Status > 0 ? status != health.Status : answer.StatusCode >= HttpStatusCode.BadRequest)
            {
                return string.Create(CultureInfo.InvariantCulture, $"GET {health.Path} answers with status {status}");
            }

            return health.Contains is null || (await BodyAsync(answer, cancellation).ConfigureAwait(false)).Contains(health.Contains, StringComparison.Ordinal)
                ? null : $"the answer to GET {health.Path} does not contain the text";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or EngineApiException)
        {
            return $"GET {health.Path} on port {release.Port} fails: {e.InnerException?.Message ?? e.Message}";
        }
    }

    private static async Task<string> BodyAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        using var body = new BoundedOutput(MaxBody);
        await answer.Content.CopyToAsync(body, cancellation).ConfigureAwait(false);
        return body.ToString();
    }
}
