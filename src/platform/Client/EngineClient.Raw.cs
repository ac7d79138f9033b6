using Slipway.Client.Http;

namespace Slipway.Client;

// For callers that show what an engine says as it is, such as the command line: any operation, without a contract type.
public sealed partial class EngineClient
{
    /// <summary>A connection of its own to the engine, on which nothing has been said yet.</summary>
    /// <exception cref="EngineUnreachableException">Nothing answers there.</exception>
    public async Task<HijackedStream> DialAsync(CancellationToken cancellation = default) =>
        new(new HttpConnection(await Address.ConnectAsync(cancellation).ConfigureAwait(false), TimeSpan.Zero), null);

    /// <summary>Asks for another protocol on a connection of its own.</summary>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="protocol">What is spoken from then on, such as <c>h2c</c>.</param>
    /// <param name="headers">Further header lines, each ending in CR LF.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="EngineApiException">The engine refused it.</exception>
    public Task<HijackedStream> UpgradeAsync(string path, string protocol, string headers = "", CancellationToken cancellation = default) =>
        HijackAsync(path, RequestBody.Empty, protocol, headers, cancellation);

    /// <summary>Sends a request without a body or with one in JSON.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="json">Body as UTF-8 JSON; empty for none.</param>
    /// <param name="headers">Further header lines, each ending in CR LF.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="EngineApiException">The engine refused it.</exception>
    public Task<EngineResponse> RequestAsync(
        string method, string path, ReadOnlyMemory<byte> json = default, string headers = "", CancellationToken cancellation = default) =>
        SendAsync(method, path, json.IsEmpty ? null : new RequestBody("application/json", json), headers, cancellation);

    /// <summary>Sends a request whose body is read from a stream.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">Path and query, without the version.</param>
    /// <param name="source">The body.</param>
    /// <param name="headers">Further header lines, each ending in CR LF.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="EngineApiException">The engine refused it.</exception>
    public Task<EngineResponse> UploadAsync(
        string method, string path, Stream source, string headers = "", CancellationToken cancellation = default) =>
        SendAsync(method, path, new RequestBody("application/x-tar", default, source), headers, cancellation);
}
