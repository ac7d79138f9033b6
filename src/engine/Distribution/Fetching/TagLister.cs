using System.Text.Json;
using Slipway.Distribution.Transport;
using Slipway.Engine;

namespace Slipway.Distribution.Fetching;

/// <summary>Lists a repository's tags, page after page (distribution-spec, content discovery).</summary>
internal sealed class TagLister(RegistrySession session)
{
    private const int MostTags = 10_000;
    private const int MaxPage = 4 << 20;

    /// <exception cref="RegistryException">The registry refused.</exception>
    internal async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancel)
    {
        var tags = new List<string>();
        var next = session.Address("tags/list");
        while (next is not null && tags.Count < MostTags)
        {
            using var response = await session.SendAsync(HttpMethod.Get, next, null, cancel).ConfigureAwait(false);
            var before = tags.Count;
            tags.AddRange(await ReadAsync(response, cancel).ConfigureAwait(false));
            next = tags.Count > before ? Next(response, next) : null;
        }

        return [.. tags.Distinct()];
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var body = new byte[MaxPage];
        var length = await stream.ReadAtLeastAsync(body, MaxPage, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory(0, length));
            return document.RootElement.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Array
                ? [.. tags.EnumerateArray().Select(tag => tag.GetString() ?? "").Where(tag => tag.Length is > 0 and <= 128)]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"the registry's list of tags is no JSON: {e.Message}", e);
        }
    }

    // Link: <…>; rel="next", of the same registry.
    private Uri? Next(HttpResponseMessage response, Uri current)
    {
        if (!response.Headers.TryGetValues("Link", out var links) || links.First() is not ['<', .. var rest] || rest.IndexOf('>', StringComparison.Ordinal) is not (> 0 and var end))
        {
            return null;
        }

        var next = session.Check(current, new Uri(current, rest[..end]));
        return next.Authority == current.Authority ? next : null;
    }
}
