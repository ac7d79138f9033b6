using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>The archive that <c>docker import URL</c> names. Whoever may import is root here, so no address is forbidden.</summary>
internal static class RemoteArchive
{
    private static readonly Lazy<HttpClient> s_client = new(() => new HttpClient(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(15),
        MaxAutomaticRedirections = 5,
    })
    { Timeout = Timeout.InfiniteTimeSpan });

    /// <summary>Opens the archive for reading.</summary>
    /// <exception cref="EngineException">The address is none, or does not answer with success.</exception>
    public static async Task<Stream> OpenAsync(string source, CancellationToken cancel)
    {
        var text = source.Contains("://", StringComparison.Ordinal) ? source : "http://" + source;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw EngineException.Invalid($"invalid import source: {source}");
        }

        try
        {
            var response = await s_client.Value.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.IsSuccessStatusCode)
            {
                return await response.Content.ReadAsStreamAsync(cancel);
            }

            response.Dispose();
            throw EngineException.Invalid($"cannot download {source}: status {(int)response.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            throw EngineException.Invalid($"cannot download {source}: {e.Message}", e);
        }
    }
}
