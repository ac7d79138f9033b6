using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Slipway.Api.Requests;
using Slipway.Transport;
using Slipway.DockerApi;

namespace Slipway.Api.Routing;

/// <summary>One request on its way through an endpoint.</summary>
public sealed class ApiCall
{
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;

    internal ApiCall(HttpContext http, ApiVersion version, string name, Query query, TimeProvider time, CancellationToken stopping)
    {
        Http = http;
        Version = version;
        Name = name;
        Query = query;
        _time = time;
        _stopping = stopping;
    }

    /// <summary>The request and the response.</summary>
    public HttpContext Http { get; }

    /// <summary>The API version that the client speaks; the newest when its path names none.</summary>
    public ApiVersion Version { get; }

    /// <summary>What the placeholder of the route stood for: an id or a name.</summary>
    public string Name { get; }

    /// <summary>Cancelled when the connection broke. See <see cref="WatchClient"/> for requests that wait.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    internal Query Query { get; }

    internal TimeProvider Time => _time;

    internal CancellationToken Stopping => _stopping;

    /// <summary>Begins to notice a client that leaves, and the daemon's end.</summary>
    public ClientWatch WatchClient() => new(Http, _time, _stopping);

    /// <summary>Reads the JSON body; null when there is none.</summary>
    public Task<T?> BodyAsync<T>(JsonTypeInfo<T> type)
        where T : class => JsonBody.ReadAsync(Http, type);

    /// <summary>Reads the JSON body, which must be there.</summary>
    public Task<T> RequiredBodyAsync<T>(JsonTypeInfo<T> type)
        where T : class => JsonBody.ReadRequiredAsync(Http, type);

    /// <summary>Answers with a JSON document.</summary>
    public Task JsonAsync<T>(T value, JsonTypeInfo<T> type, int status = 200) => JsonAnswers.WriteAsync(Http, status, value, type);

    /// <summary>Answers with a status code and no body.</summary>
    public Task StatusAsync(int status)
    {
        Http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Sends the headers of a streamed answer at once.</summary>
    public async Task BeginStreamAsync(string contentType)
    {
        Http.Response.ContentType = contentType;
        await Http.Response.StartAsync(Aborted);
        await Http.Response.BodyWriter.FlushAsync(Aborted);
    }
}
