using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Slipway.BuildKit.Grpc;

/// <summary>A call that a client makes.</summary>
internal sealed class GrpcCall(HttpContext http) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Cancelled when the client gives the call up or is gone.</summary>
    internal CancellationToken Gone => http.RequestAborted;

    /// <summary>A value of the call's metadata; empty when there is none.</summary>
    internal string Metadata(string name) => http.Request.Headers[name].ToString();

    /// <summary>Reads the only message of a call.</summary>
    internal async Task<T> ReadAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T> =>
        await GrpcFrames.ReadAsync(http.Request.Body, parser, Gone).ConfigureAwait(false) ?? throw new GrpcException(GrpcStatus.Internal, "the request has no message");

    /// <summary>Answers with a message; more may follow.</summary>
    internal async Task WriteAsync(IMessage message)
    {
        await _writing.WaitAsync(Gone).ConfigureAwait(false);
        try
        {
            await http.Response.Body.WriteAsync(GrpcFrames.Encode(message), Gone).ConfigureAwait(false);
            await http.Response.Body.FlushAsync(Gone).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();
}
