using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;
using Slipway.Client;

namespace Slipway.BuildClient;

/// <summary>The connection over which the client asks the engine.</summary>
internal static class BuildConnection
{
    /// <summary>Opens it for some work.</summary>
    /// <exception cref="EngineApiException">The engine has no such API.</exception>
    internal static async Task<T> UseAsync<T>(EngineClient engine, Func<GrpcChannel, Task<T>> work, CancellationToken cancel)
    {
        await using var stream = await engine.UpgradeAsync("/grpc", "h2c", "", cancel).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var connection = new Http2Connection(stream, null);
        var serving = connection.RunAsync(stop.Token);
        try
        {
            return await work(new GrpcChannel(connection)).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await serving.ConfigureAwait(false);
        }
    }
}
