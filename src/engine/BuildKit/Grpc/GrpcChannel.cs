using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Slipway.BuildKit.Transport;

namespace Slipway.BuildKit.Grpc;

/// <summary>Calls made over one connection that is there already.</summary>
internal sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private Stream? _stream;

    internal GrpcChannel(Stream stream)
    {
        _stream = new RepeatedHeaders(stream);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => new ValueTask<Stream>(
                Interlocked.Exchange(ref _stream, null) ?? throw new IOException("the session's connection has ended")),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 1 << 20,
        });
    }

    /// <summary>Asks one question.</summary>
    /// <exception cref="GrpcException">The peer's answer is an error, or there is none.</exception>
    internal async Task<TAnswer> CallAsync<TAnswer>(string method, IMessage question, MessageParser<TAnswer> parser, CancellationToken cancel)
        where TAnswer : class, IMessage<TAnswer>
    {
        using var call = await OpenAsync(method, [], cancel).ConfigureAwait(false);
        await call.WriteAsync(question, cancel).ConfigureAwait(false);
        call.EndWriting();
        var answer = await call.ReadAsync(parser, cancel).ConfigureAwait(false) ?? throw new GrpcException(GrpcStatus.Internal, $"{method} gave no answer");
        await call.ReadAsync(parser, cancel).ConfigureAwait(false);
        return answer;
    }

    /// <summary>Opens a call with messages both ways.</summary>
    internal Task<GrpcStream> OpenAsync(string method, IReadOnlyList<KeyValuePair<string, string>> metadata, CancellationToken cancel)
    {
        var body = new GrpcBody();
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("http://session" + method)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body };
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var named in metadata.GroupBy(pair => pair.Key, pair => pair.Value))
        {
            request.Headers.TryAddWithoutValidation(named.Key, string.Join(RepeatedHeaders.Separator, named));
        }

        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        return Task.FromResult(new GrpcStream(method, _http.SendAsync(request, stop.Token), body, stop));
    }

    public void Dispose() => _http.Dispose();
}
