using Slipway.Platform.Api;

namespace Slipway.Platform.Webhooks;

/// <summary>Where git hosts send their events.</summary>
internal static class WebhookEndpoints
{
    internal static void Map(WebApplication web) =>
        web.MapPost("/webhooks/source/{host}/events/manual", async (string host, HttpContext context, PushEvents events, CancellationToken cancellation) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, cancellation).ConfigureAwait(false);
            return events.Handle(host, context.Request.Headers, body.ToArray()) is { } answer
                ? Results.Json(answer.ToDictionary(), ApiJson.Default.DictionaryStringString)
                : throw new PlatformException(Refusal.Unauthorized, "a valid signature is needed");
        });
}
