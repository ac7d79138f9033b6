using System.Globalization;
using System.Net.Http.Headers;
using Google.Protobuf;
using Slipway.BuildKit.Messages;

namespace Slipway.BuildKit.Grpc;

/// <summary>A call of ours with messages both ways. One reader and one writer at a time.</summary>
internal sealed class GrpcStream(string method, Task<HttpResponseMessage> response, GrpcBody body, CancellationTokenSource stop) : IDisposable
{
    private Stream? _answers;

    /// <summary>Sends a message.</summary>
    internal async Task WriteAsync(IMessage message, CancellationToken cancel)
    {
        try
        {
            var opened = body.Opened;
            if (!opened.IsCompleted && await Task.WhenAny(opened, response).WaitAsync(cancel).ConfigureAwait(false) == response)
            {
                await response.ConfigureAwait(false);
            }

            var stream = await opened.WaitAsync(cancel).ConfigureAwait(false);
            await stream.WriteAsync(GrpcFrames.Encode(message), cancel).ConfigureAwait(false);
            await stream.FlushAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"{method}: the client is gone", e);
        }
    }

    /// <summary>Says that no more messages follow.</summary>
    internal void EndWriting() => body.Finish();

    /// <summary>The next message; null at a good end.</summary>
    /// <exception cref="GrpcException">A bad end.</exception>
    internal async Task<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        try
        {
            var answer = await response.WaitAsync(cancel).ConfigureAwait(false);
            _answers ??= await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            if (await GrpcFrames.ReadAsync(_answers, parser, cancel).ConfigureAwait(false) is { } message)
            {
                return message;
            }

            Check(answer);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"{method}: the client is gone", e);
        }
    }

    public void Dispose()
    {
        body.Finish();
        stop.Cancel();
        stop.Dispose();
        if (response.IsCompletedSuccessfully)
        {
            response.Result.Dispose();
        }
        else
        {
            _ = response.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private static void Check(HttpResponseMessage answer)
    {
        var headers = answer.TrailingHeaders.Contains("grpc-status") ? answer.TrailingHeaders : (HttpHeaders)answer.Headers;
        if (!int.TryParse(Value(headers, "grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new GrpcException(GrpcStatus.Unknown, $"HTTP status {(int)answer.StatusCode} without a status of the call");
        }

        if (code != 0)
        {
            throw new GrpcException(new Status { Code = code, Message = Uri.UnescapeDataString(Value(headers, "grpc-message")) });
        }
    }

    private static string Value(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? string.Join(",", values) : "";
}
