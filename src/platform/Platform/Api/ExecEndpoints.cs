using System.Net.WebSockets;
using System.Text.Json;
using Slipway.Client;
using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Api;

/// <summary>Commands in containers of applications: one answer at the end, or a websocket with a terminal or standard input.</summary>
internal static class ExecEndpoints
{
    internal static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/apps/{app}/exec", async (string app, ExecInput input, HttpContext context, AppRoom apps, PlatformStore store, EnginePool engines, AuditLog audit, CancellationToken cancellation) =>
        {
            var found = apps.Get(app);
            var (container, command) = Ordered(found, input.Process, input.Replica, input.Command);
            audit.Note(context.Caller(), "app.exec", found.Name, command[0]);
            var (code, output) = await ContainerCommand.RunAsync(engines.Of(store.Servers.Find(found.ServerId)!), container, command, cancellation).ConfigureAwait(false);
            return new ExecView(code, output);
        }).Needs(Abilities.Write).WithSummary("Run a command in a container");
        api.MapGet("/apps/{app}/exec", AttachAsync).Needs(Abilities.Write).WithSummary("Run a command in a container over a websocket: with a terminal, with standard input, and its output as it comes");
    }

    private static async Task AttachAsync(string app, HttpContext context, AppRoom apps, PlatformStore store, EnginePool engines, AuditLog audit, IHostApplicationLifetime life)
    {
        var found = apps.Get(app);
        RefuseForeign(context.Request);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw Rules.Invalid("this is spoken over a websocket");
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.Contains(ExecSession.Protocol) ? ExecSession.Protocol : null).ConfigureAwait(false);
        var session = new ExecSession(socket, engines.Of(store.Servers.Find(found.ServerId)!));
        try
        {
            var order = await session.OrderAsync(either.Token).ConfigureAwait(false);
            var (container, command) = Ordered(found, order.Process, order.Replica, order.Command);
            audit.Note(context.Caller(), "app.exec", found.Name, command[0]);
            await session.RunAsync(container, order with { Command = command }, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is PlatformException or EngineApiException or EngineUnreachableException or JsonException && socket.State == WebSocketState.Open)
        {
            await session.EndAsync(new ExecEnd(null, e is JsonException ? "the first message is not the JSON that is expected here" : e.Message), either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // Nobody is there any more.
        }
    }

    private static (string Container, IReadOnlyList<string> Command) Ordered(App app, string? process, int? replica, IReadOnlyList<string>? words)
    {
        var command = Rules.Command(words ?? []);
        var container = app.ContainerOf(process ?? App.Web, replica ?? 1) ?? throw new PlatformException(Refusal.Conflict, "that container does not run");
        return (container, command.Count > 0 ? command : throw Rules.Invalid("the command is missing"));
    }

    // Pages of other sites may open websockets to any address; browsers say where they come from.
    private static void RefuseForeign(HttpRequest request)
    {
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != $"{request.Scheme}://{request.Host}")
        {
            throw new PlatformException(Refusal.Forbidden, "this was asked for by another site");
        }
    }
}
