using System.Net;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Endpoints;
using Slipway.Engine;

namespace Slipway.Distribution.Transport;

/// <summary>Talks to one registry about one repository: authorization, redirects, refusals. Safe for concurrent requests.</summary>
internal sealed class RegistrySession
{
    private const int MostRedirects = 5;
    private const string UserAgent = "slipway/0.1 (linux) docker/28.0";

    private readonly HttpConnections _connections;
    private readonly DistributionOptions _options;
    private readonly TimeProvider _time;
    private readonly Authorizer _authorizer;
    private AddressReach? _reach;

    internal RegistrySession(HttpConnections connections, TokenCache tokens, DistributionOptions options, TimeProvider time, RegistryEndpoint endpoint, string repository, RegistryCredentials credentials, params IReadOnlyList<string> scopes)
    {
        (_connections, _options, _time, Endpoint, Repository) = (connections, options, time, endpoint, repository);
        _authorizer = new Authorizer(endpoint, endpoint.IsUpstream ? credentials : RegistryCredentials.None, scopes, tokens, SendForeignAsync);
    }

    internal RegistryEndpoint Endpoint { get; }

    /// <summary>The repository's path inside the registry.</summary>
    internal string Repository { get; }

    /// <summary>The address of something below the repository: <c>manifests/latest</c>.</summary>
    internal Uri Address(string path)
    {
        var query = Endpoint.Namespace is null ? "" : (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "ns=" + Uri.EscapeDataString(Endpoint.Namespace);
        return new Uri(Endpoint.Base, $"{Repository}/{path}{query}");
    }

    /// <summary>Sends a request and returns an answer that is a success or one of <paramref name="accepted"/>.</summary>
    /// <param name="method">Method.</param>
    /// <param name="address">Address; the registry's own, or one that it named.</param>
    /// <param name="prepare">Adds headers and a body; called anew for each attempt.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="accepted">Status codes that are no failure.</param>
    /// <exception cref="RegistryException">The registry refused.</exception>
    /// <exception cref="EngineException">Forbidden or Unauthorized: no way to ask that is allowed.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancel, params IReadOnlyList<HttpStatusCode> accepted)
    {
        for (var attempt = 0; ; attempt++)
        {
            var response = await FollowAsync(method, address, prepare, cancel).ConfigureAwait(false);
            if (response.IsSuccessStatusCode || accepted.Contains(response.StatusCode))
            {
                return response;
            }

            using (response)
            {
                // The second time the token was fresh: asking on would be a loop.
                if (response.StatusCode == HttpStatusCode.Unauthorized && attempt < 2 && IsOwn(response.RequestMessage!.RequestUri!)
                    && await _authorizer.AnswerAsync(response, method, cancel).ConfigureAwait(false))
                {
                    continue;
                }

                throw await RegistryException.ReadAsync(response, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the registry answers at all; whom it lets in is asked later.</summary>
    internal async Task PingAsync(CancellationToken cancel)
    {
        using var response = await ExchangeAsync(HttpMethod.Get, Endpoint.Base, null, cancel).ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound))
        {
            throw await RegistryException.ReadAsync(response, cancel).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancel)
    {
        for (var redirects = 0; ; redirects++)
        {
            var response = await ExchangeAsync(method, address, prepare, cancel).ConfigureAwait(false);
            var moved = response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
            if (!moved || response.Headers.Location is not { } location || (method != HttpMethod.Get && method != HttpMethod.Head))
            {
                return response;
            }

            response.Dispose();
            address = redirects < MostRedirects ? Check(address, new Uri(address, location)) : throw new EngineException(ErrorKind.Unavailable, $"registry {Endpoint.Base.Authority}: stopped after {MostRedirects} redirects");
        }
    }

    /// <summary>Checks an address that the registry named.</summary>
    /// <exception cref="EngineException">Forbidden.</exception>
    internal Uri Check(Uri from, Uri to) =>
        to.Scheme is not ("http" or "https") || to.UserInfo.Length > 0 ? throw new EngineException(ErrorKind.Forbidden, $"registry {Endpoint.Base.Authority} redirects to an unusable address")
        : from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttp ? throw new EngineException(ErrorKind.Forbidden, $"registry {Endpoint.Base.Authority} redirects to an address without TLS: {to.Authority}")
        : to;

    private async Task<HttpResponseMessage> ExchangeAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, address);
        prepare?.Invoke(request);
        if (!IsOwn(address))
        {
            return await SendForeignAsync(request, cancel).ConfigureAwait(false);
        }

        foreach (var (name, value) in Endpoint.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.Authorization ??= _authorizer.Header;
        return await SendAsync(_connections.For(Endpoint.Tls, AddressReach.Never), request, cancel).ConfigureAwait(false);
    }

    // Hosts that the registry named: no credentials, no headers of ours, no laxer TLS, and nothing further inside than the registry itself.
    private async Task<HttpResponseMessage> SendForeignAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var target = request.RequestUri!;
        if (IsOwnHost(target))
        {
            return await SendAsync(_connections.For(Endpoint.Tls, AddressReach.Never), request, cancel).ConfigureAwait(false);
        }

        var reach = _reach ??= await AddressReaches.OfHostAsync(Endpoint.Base.Host, cancel).ConfigureAwait(false);
        reach = reach == AddressReach.Never ? AddressReach.Private : reach;
        if (IPAddress.TryParse(target.Host.Trim('[', ']'), out var literal) && AddressReaches.Of(literal) > reach)
        {
            throw new EngineException(ErrorKind.Forbidden, $"refusing to connect to {target.Authority}: the registry must not send us to internal addresses");
        }

        return await SendAsync(_connections.For(TlsSettings.Default, reach), request, cancel).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker connections, HttpRequestMessage request, CancellationToken cancel)
    {
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);

        // A body has a watch of its own: its answer comes after it.
        using var timer = request.Content is null ? _time.CreateTimer(_ => limit.Cancel(), null, _options.AnswerTimeout, Timeout.InfiniteTimeSpan) : null;
        try
        {
            return await connections.SendAsync(request, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw TransportFailure.Translate(new TimeoutException("timeout", e), request.Method, request.RequestUri!);
        }
        catch (Exception e) when (TransportFailure.Is(e))
        {
            throw TransportFailure.Translate(e, request.Method, request.RequestUri!);
        }
    }

    private bool IsOwn(Uri address) =>
        address.Scheme == Endpoint.Base.Scheme && address.Port == Endpoint.Base.Port && string.Equals(address.Host, Endpoint.Base.Host, StringComparison.OrdinalIgnoreCase);

    private bool IsOwnHost(Uri address) => string.Equals(address.Host, Endpoint.Base.Host, StringComparison.OrdinalIgnoreCase);
}
