using System.Globalization;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Web;

/// <summary>A deployment's log as server-sent events (HTML standard, 9.2): <c>line</c> for each line, <c>state</c> when it changes, <c>end</c> at last.</summary>
internal sealed class LogEvents(HttpContext context, PlatformStore store, DeploymentLogs logs)
{
    private DeploymentState? _said;

    internal async Task WriteAsync(string id, CancellationToken cancellation)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        // A browser that lost the connection names the last line it had.
        var skip = int.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : 0;
        var number = 0;
        await foreach (var line in logs.ReadAsync(id, follow: true, cancellation).ConfigureAwait(false))
        {
            await StateAsync(id, cancellation).ConfigureAwait(false);
            if (++number > skip)
            {
                await SendAsync("line", line.Text.TrimEnd('\r'), number, cancellation).ConfigureAwait(false);
            }
        }

        await StateAsync(id, cancellation).ConfigureAwait(false);
        await SendAsync("end", "", null, cancellation).ConfigureAwait(false);
    }

    private async Task StateAsync(string id, CancellationToken cancellation)
    {
        var state = store.Deployments.Find(id)?.State;
        if (state is { } present && present != _said)
        {
            _said = present;
            await SendAsync("state", Words.Of(present), null, cancellation).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(string name, string data, int? number, CancellationToken cancellation)
    {
        var id = number is null ? "" : string.Create(CultureInfo.InvariantCulture, $"id: {number}\n");
        await context.Response.WriteAsync($"event: {name}\n{id}data: {data.Replace('\r', ' ').Replace('\n', ' ')}\n\n", cancellation).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellation).ConfigureAwait(false);
    }
}
