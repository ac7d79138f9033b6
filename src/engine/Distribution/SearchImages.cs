using System.Globalization;
using System.Text;
using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Transport;
using Slipway.Engine;

namespace Slipway.Distribution;

/// <summary><c>docker search</c>: the v1 search of Docker Hub, or of a registry that still has one.</summary>
public sealed class SearchImages
{
    private const string Hub = "index.docker.io";
    private const int MaxAnswer = 4 << 20;
    private static readonly string[] s_filters = ["is-automated", "is-official", "stars"];

    private readonly RegistryDoor _door;

    internal SearchImages(RegistryDoor door) => _door = door;

    /// <summary>Searches.</summary>
    /// <param name="term">Words, with a registry before the first slash if it is not the Hub.</param>
    /// <param name="limit">How many, 1 to 100; null for 25.</param>
    /// <param name="filters">is-official, is-automated, stars.</param>
    /// <param name="authHeader"><c>X-Registry-Auth</c> as it came.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">InvalidArgument, Unavailable.</exception>
    public async Task<IReadOnlyList<ImageSearchResult>> RunAsync(string term, int? limit, Filters filters, string? authHeader, CancellationToken cancel)
    {
        var count = limit is null or 0 ? 25 : limit.Value;
        if (count is < 1 or > 100)
        {
            throw EngineException.Invalid($"limit {count} is outside the range of [1, 100]");
        }

        if (filters.Except(s_filters).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        var keep = Keep(filters);
        var (domain, words) = Split(term);
        var credentials = RegistryCredentials.FromHeader(authHeader, domain);
        var found = await AskAsync(domain, words, count, credentials, cancel).ConfigureAwait(false);
        return [.. found.Where(keep)];
    }

    private static Func<ImageSearchResult, bool> Keep(Filters filters)
    {
        var official = Truth(filters, "is-official");
        var automated = Truth(filters, "is-automated");
        var stars = 0;
        foreach (var text in filters["stars"])
        {
            stars = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Max(stars, number) : throw EngineException.Invalid($"invalid filter 'stars={text}'");
        }

        return result => (official is null || result.IsOfficial == official) && (automated is null || result.IsAutomated == automated) && result.StarCount >= stars;
    }

    private static bool? Truth(Filters filters, string name) => filters[name] switch
    {
        [] => null,
        ["true" or "1"] => true,
        ["false" or "0"] => false,
        var values => throw EngineException.Invalid($"invalid filter '{name}={string.Join(',', values)}'"),
    };

    private static (string Domain, string Words) Split(string term)
    {
        var slash = term.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : term[..slash];
        if (!first.AsSpan().ContainsAny('.', ':') && first != "localhost")
        {
            return ("docker.io", first == "library" ? term[(slash + 1)..] : term);
        }

        return Oci.Reference.TryParse(first + "/x", out var name, out _) ? (name.Domain, term[(slash + 1)..]) : throw EngineException.Invalid($"invalid search term: {term}");
    }

    private async Task<IReadOnlyList<ImageSearchResult>> AskAsync(string domain, string words, int count, RegistryCredentials credentials, CancellationToken cancel)
    {
        Exception? told = null;
        foreach (var session in await _door.OpenAllAsync(domain, RegistryCredentials.None, cancel, domain == "docker.io" ? Hub : null).ConfigureAwait(false))
        {
            var address = new Uri(session.Endpoint.Base, string.Create(CultureInfo.InvariantCulture, $"/v1/search?q={Uri.EscapeDataString(words)}&n={count}"));
            try
            {
                using var response = await session.SendAsync(HttpMethod.Get, address, request =>
                {
                    request.Headers.TryAddWithoutValidation("X-Docker-Token", "true");
                    if (credentials.User.Length > 0)
                    {
                        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")));
                    }
                }, cancel).ConfigureAwait(false);
                return await ReadAsync(response, cancel).ConfigureAwait(false);
            }
            catch (RegistryException e)
            {
                throw new EngineException(ErrorKind.Unavailable, $"Unexpected status code {e.Status}", e);
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Unavailable)
            {
                told = e;
            }
        }

        throw told ?? EngineException.Invalid($"no address of registry {domain} may be used for this");
    }

    private static async Task<IReadOnlyList<ImageSearchResult>> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = new byte[MaxAnswer];
        using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(body, MaxAnswer, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory(0, length));
            return document.RootElement.TryGetProperty("results", out var results)
                ? results.Deserialize(DockerJson.Default.ImageSearchResultList) ?? []
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"error decoding registry response: {e.Message}", e);
        }
    }
}
