using Slipway.Client.Http;

namespace Slipway.Client;

/// <summary>A successful answer whose body is still to be read.</summary>
public sealed class EngineResponse : IAsyncDisposable, IDisposable
{
    private readonly ResponseHead _head;

    internal EngineResponse(ResponseHead head, Stream body) => (_head, Body) = (head, body);

    /// <summary>HTTP status, below 400.</summary>
    public int Status => _head.Status;

    /// <summary>Headers, by name in any case.</summary>
    public IReadOnlyDictionary<string, string> Headers => _head.Headers;

    /// <summary>The body, read forward; disposing it before its end cancels the request.</summary>
    public Stream Body { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Body.DisposeAsync();

    /// <inheritdoc/>
    public void Dispose() => Body.Dispose();
}
