using System.Globalization;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Slipway.Api.Hijack;
using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Attach;
using Slipway.Engine.Containers;
using Slipway.Engine.Logs;

namespace Slipway.Api;

/// <summary>What flows out of containers and into them: logs, attachments, statistics, processes.</summary>
public sealed class ContainerStreamEndpoints(SlipwayEngine engine)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/containers/{id}/logs", LogsAsync);
        routes.Post("/containers/{id}/attach", AttachAsync);
        routes.Get("/containers/{id}/attach/ws", AttachSocketAsync);
        routes.Get("/containers/{id}/stats", StatsAsync);
        routes.Get("/containers/{id}/top", TopAsync);
    }

    private Container Find(ApiCall call) => engine.Containers.Get(call.Name);

    private async Task LogsAsync(ApiCall call)
    {
        var container = Find(call);
        var query = call.Query;
        var request = new LogRequest(
            query.Flag("stdout"), query.Flag("stderr"), query.Flag("follow"), TimeQuery.Nanoseconds(query, "since"), TimeQuery.Nanoseconds(query, "until"),
            Tail(query["tail"]), query.Flag("timestamps"), query.Flag("details"));
        ContainerLogs.Check(container, request);
        var tty = container.Record.Config.Tty;
        await using var watch = call.WatchClient();
        var output = call.Http.Response.BodyWriter;
        call.Http.Response.ContentType = StreamType.Of(call.Version, multiplexed: !tty);
        if (request.Follow)
        {
            await call.BeginStreamAsync(call.Http.Response.ContentType);
        }

        await engine.Logs.ReadAsync(container, request, tty ? Raw : Framed, watch.Gone);

        async ValueTask Raw(StdStream stream, ReadOnlyMemory<byte> data) => await output.WriteAsync(data, watch.Gone);

        async ValueTask Framed(StdStream stream, ReadOnlyMemory<byte> data)
        {
            new StreamFrame(stream, (uint)data.Length).Write(output.GetSpan(StreamFrame.HeaderSize));
            output.Advance(StreamFrame.HeaderSize);
            await output.WriteAsync(data, watch.Gone);
        }
    }

    // Docker takes everything that is no number for "all".
    private static int? Tail(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var lines) && lines >= 0 ? lines : null;

    private async Task AttachAsync(ApiCall call)
    {
        var container = Find(call);
        var request = Request(call, container);
        var multiplexed = !container.Record.Config.Tty;
        await JsonBody.SkipAsync(call.Http);
        using var place = container.Attaches.Enter();
        await using var stream = await HijackedStream.TakeAsync(call, StreamType.Of(call.Version, multiplexed));
        if (!request.Stdin)
        {
            stream.IgnoreInput();
        }

        await HijackedWork.RunAsync(stream, multiplexed, cancel =>
            engine.AttachContainer.RunAsync(container, request, place, new AttachPeer(request.Stdin ? stream : null, stream, multiplexed), cancel));
    }

    private async Task AttachSocketAsync(ApiCall call)
    {
        var container = Find(call);
        var request = Request(call, container);
        using var place = container.Attaches.Enter();
        var (stream, socket) = await WebSocketHandshake.TakeAsync(call);
        await using var connection = stream;
        await using var messages = WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);

        // A receive that is given up aborts the WebSocket, so the attachment reads from a pipe, and the end is still told properly.
        var input = new Pipe();
        _ = ReceiveAsync(messages, input.Writer);
        await HijackedWork.RunAsync(stream, multiplexed: false, async cancel =>
        {
            await engine.AttachContainer.RunAsync(container, request, place, new AttachPeer(input.Reader.AsStream(), messages, multiplexed: false), cancel);
            await CloseAsync(socket, cancel);
        });
    }

    private static async Task CloseAsync(WebSocket socket, CancellationToken cancel)
    {
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancel);
        }
        catch (WebSocketException)
        {
            // The client has closed it already.
        }
    }

    private static async Task ReceiveAsync(Stream messages, PipeWriter input)
    {
        try
        {
            await messages.CopyToAsync(input);
        }
        catch (Exception e) when (e is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The client is gone, which the attachment sees as the end of its input.
        }

        await input.CompleteAsync();
    }

    private static AttachRequest Request(ApiCall call, Container container)
    {
        var query = call.Query;
        var request = new AttachRequest(
            query.Flag("stdin"), query.Flag("stdout"), query.Flag("stderr"), query.Flag("stream"), query.Flag("logs"), query.Optional("detachKeys"));
        AttachContainer.Check(container, request);
        return request;
    }

    private async Task StatsAsync(ApiCall call)
    {
        var container = Find(call);
        var stream = call.Query.Flag("stream", absent: true);
        var oneShot = call.Query.Flag("one-shot");
        if (stream && oneShot)
        {
            throw EngineException.Invalid("cannot have stream=true and one-shot=true");
        }

        await using var watch = call.WatchClient();
        if (!stream)
        {
            await call.JsonAsync(await engine.Stats.ReadAsync(container, oneShot, watch.Gone), DockerJson.Wire.ContainerStats);
            return;
        }

        await foreach (var sample in engine.Stats.StreamAsync(container, watch.Gone))
        {
            await JsonLines.WriteAsync(call, sample, DockerJson.Wire.ContainerStats);
        }
    }

    private async Task TopAsync(ApiCall call) =>
        await call.JsonAsync(await engine.TopContainer.RunAsync(Find(call), call.Query.Optional("ps_args"), call.Aborted), DockerJson.Wire.ContainerTop);
}
