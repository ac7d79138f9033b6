using Google.Protobuf;
using Slipway.BuildKitApi.Http2;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>Calls made over one connection.</summary>
internal sealed class GrpcChannel(Http2Connection connection)
{
    /// <summary>Asks one question.</summary>
    /// <exception cref="GrpcException">The peer's answer is an error, or there is none.</exception>
    internal Task<TAnswer> CallAsync<TAnswer>(string method, IMessage question, MessageParser<TAnswer> parser, CancellationToken cancel)
        where TAnswer : class, IMessage<TAnswer> => CallAsync(method, [], question, parser, cancel);

    /// <summary>Asks one question, with metadata.</summary>
    /// <exception cref="GrpcException">The peer's answer is an error, or there is none.</exception>
    internal async Task<TAnswer> CallAsync<TAnswer>(string method, IEnumerable<KeyValuePair<string, string>> metadata, IMessage question, MessageParser<TAnswer> parser, CancellationToken cancel)
        where TAnswer : class, IMessage<TAnswer>
    {
        using var call = await OpenAsync(method, metadata, cancel).ConfigureAwait(false);
        await call.WriteAsync(question, cancel).ConfigureAwait(false);
        call.EndWriting();
        var answer = await call.ReadAsync(parser, cancel).ConfigureAwait(false) ?? throw new GrpcException(GrpcStatus.Internal, $"{method} gave no answer");
        await call.ReadAsync(parser, cancel).ConfigureAwait(false);
        return answer;
    }

    /// <summary>Opens a call with messages both ways.</summary>
    /// <exception cref="GrpcException">The peer is gone.</exception>
    internal Task<GrpcStream> OpenAsync(string method, IEnumerable<KeyValuePair<string, string>> metadata, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult(new GrpcStream(connection.Open([.. Head(method), .. metadata], end: false), method, asked: true));
        }
        catch (IOException e)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"{method}: the other side is gone", e);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Head(string method) =>
    [
        KeyValuePair.Create(":method", "POST"), KeyValuePair.Create(":scheme", "http"), KeyValuePair.Create(":path", method), KeyValuePair.Create(":authority", "localhost"),
        KeyValuePair.Create("content-type", "application/grpc"), KeyValuePair.Create("user-agent", "grpc-slipway"), KeyValuePair.Create("te", "trailers"),
    ];
}
