using System.Net;

namespace Slipway.Distribution.Transport;

/// <summary>
/// Proxies as <c>HTTP_PROXY</c>, <c>HTTPS_PROXY</c> and <c>NO_PROXY</c> name them, with Go's rules as Docker has them: no proxy for loopback,
/// <c>NO_PROXY</c> holds domains (with subdomains), <c>.domain</c> (only subdomains), addresses, networks, each with an optional port, or <c>*</c>.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly string[] _exceptions;

    internal EnvironmentProxy(Func<string, string?> variable)
    {
        string? Either(string name) => variable(name) is { Length: > 0 } upper ? upper : variable(name.ToLowerInvariant());
        _http = Address(Either("HTTP_PROXY"));
        _https = Address(Either("HTTPS_PROXY"));
        _exceptions = (Either("NO_PROXY") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination)
    {
        var proxy = destination.Scheme == Uri.UriSchemeHttps ? _https : _http;
        return proxy is null || IsBypassed(destination) ? null : proxy;
    }

    /// <inheritdoc/>
    public bool IsBypassed(Uri host)
    {
        var name = host.Host.Trim('[', ']').ToLowerInvariant();
        var address = IPAddress.TryParse(name, out var literal) ? literal : null;
        return name == "localhost" || (address is not null && IPAddress.IsLoopback(address))
            || _exceptions.Any(exception => Matches(exception.ToLowerInvariant(), name, host.Port, address));
    }

    private static bool Matches(string exception, string name, int port, IPAddress? address)
    {
        if (exception == "*")
        {
            return true;
        }

        if (IPNetwork.TryParse(exception, out var network))
        {
            return address is not null && address.AddressFamily == network.BaseAddress.AddressFamily && network.Contains(address);
        }

        var colon = exception.LastIndexOf(':');
        if (colon > 0 && int.TryParse(exception.AsSpan(colon + 1), out var only) && !IPAddress.TryParse(exception, out _))
        {
            if (only != port)
            {
                return false;
            }

            exception = exception[..colon];
        }

        exception = exception.Trim('[', ']');
        exception = exception.StartsWith("*.", StringComparison.Ordinal) ? exception[1..] : exception;
        return exception.StartsWith('.')
            ? name.EndsWith(exception, StringComparison.Ordinal)
            : name == exception || (address is null && name.EndsWith("." + exception, StringComparison.Ordinal));
    }

    private static Uri? Address(string? text) =>
        !string.IsNullOrEmpty(text) && Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var address) ? address : null;
}
