using Slipway.BuildKitApi.Http2;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>Finds a call's method by its path and answers with its status.</summary>
/// <param name="methods">The methods, by path.</param>
/// <param name="failure">What the peer is told of an exception; null for what is a fault of ours.</param>
/// <param name="report">Is told of faults, with the method.</param>
internal sealed class GrpcMethods(IReadOnlyDictionary<string, Func<GrpcCall, Task>> methods, Func<Exception, GrpcException?> failure, Action<Exception, string> report)
{
    /// <summary>Answers one call.</summary>
    internal async Task ServeAsync(Http2Stream stream)
    {
        using var call = new GrpcCall(stream, await stream.Head.ConfigureAwait(false));
        var error = await RunAsync(call).ConfigureAwait(false);
        call.End(error);
    }

    private async Task<GrpcException?> RunAsync(GrpcCall call)
    {
        if (!methods.TryGetValue(call.Method, out var method))
        {
            return new GrpcException(GrpcStatus.Unimplemented, $"unknown method {call.Method}");
        }

        try
        {
            await method(call).ConfigureAwait(false);
            return null;
        }
        catch (GrpcException e)
        {
            return e;
        }
        catch (OperationCanceledException)
        {
            return new GrpcException(GrpcStatus.Canceled, "context canceled");
        }
        catch (IOException) when (call.Gone.IsCancellationRequested)
        {
            return new GrpcException(GrpcStatus.Canceled, "context canceled");
        }
        catch (Exception e)
        {
            if (failure(e) is { } told)
            {
                return told;
            }

            report(e, call.Method);
            return new GrpcException(GrpcStatus.Internal, "internal error: see the log");
        }
    }
}
