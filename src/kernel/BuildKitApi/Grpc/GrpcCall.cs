using System.Globalization;
using Google.Protobuf;
using Slipway.BuildKitApi.Http2;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>A call that the peer makes.</summary>
internal sealed class GrpcCall(Http2Stream http, IReadOnlyList<KeyValuePair<string, string>> head) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private int _answered;

    /// <summary>The method's path.</summary>
    internal string Method { get; } = head.FirstOrDefault(field => field.Key == ":path").Value ?? "";

    /// <summary>Cancelled when the peer gives the call up or is gone.</summary>
    internal CancellationToken Gone => http.Gone;

    /// <summary>The messages of a call that has several; nothing is sent before <see cref="Begin"/>.</summary>
    internal GrpcStream Messages => field ??= new GrpcStream(http, Method, asked: false);

    /// <summary>A value of the call's metadata; empty when there is none.</summary>
    internal string Metadata(string name) => head.FirstOrDefault(field => field.Key == name).Value ?? "";

    /// <summary>All values of one name.</summary>
    internal IReadOnlyList<string> AllMetadata(string name) => [.. head.Where(field => field.Key == name).Select(field => field.Value)];

    /// <summary>Accepts the call.</summary>
    internal void Begin()
    {
        if (Interlocked.Exchange(ref _answered, 1) == 0)
        {
            http.WriteHead([KeyValuePair.Create(":status", "200"), KeyValuePair.Create("content-type", "application/grpc")], end: false);
        }
    }

    /// <summary>Reads the only message of a call.</summary>
    internal async Task<T> ReadAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T> =>
        await Messages.ReadAsync(parser, Gone).ConfigureAwait(false) ?? throw new GrpcException(GrpcStatus.Internal, "the request has no message");

    /// <summary>Answers with a message; more may follow.</summary>
    internal Task WriteAsync(IMessage message) => WriteAsync(message, more: false);

    /// <summary>Answers with a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="more">Whether it may wait for others to go with it, until <see cref="GrpcStream.Flush"/> of <see cref="Messages"/>.</param>
    internal async Task WriteAsync(IMessage message, bool more)
    {
        await _writing.WaitAsync(Gone).ConfigureAwait(false);
        try
        {
            Begin();
            await Messages.WriteAsync(message, Gone, more).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Ends the call.</summary>
    /// <param name="error">What went wrong; null for nothing.</param>
    internal void End(GrpcException? error)
    {
        Begin();
        List<KeyValuePair<string, string>> trailers = [KeyValuePair.Create("grpc-status", (error?.Status.Code ?? 0).ToString(CultureInfo.InvariantCulture))];
        if (error is not null)
        {
            trailers.Add(KeyValuePair.Create("grpc-message", Uri.EscapeDataString(error.Message)));
            if (error.Status.Details.Count > 0)
            {
                trailers.Add(KeyValuePair.Create("grpc-status-details-bin", error.Details));
            }
        }

        http.WriteHead(trailers, end: true);
        http.Close();
    }

    public void Dispose() => _writing.Dispose();
}
