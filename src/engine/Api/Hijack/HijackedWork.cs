using System.Text;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Hijack;

/// <summary>Work on a connection whose status is already out: what goes wrong is said in the stream.</summary>
internal static class HijackedWork
{
    /// <summary>Runs until the work ends or the client leaves. A failure that the client can know reaches it as a system error frame, or as text.</summary>
    public static async Task RunAsync(HijackedStream stream, bool multiplexed, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(stream.Gone);
        }
        catch (EngineException e)
        {
            await TellAsync(stream, multiplexed, e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left, or the daemon stops.
        }
    }

    private static async Task TellAsync(HijackedStream stream, bool multiplexed, string message)
    {
        var text = Encoding.UTF8.GetBytes(message + "\r\n");
        try
        {
            if (multiplexed)
            {
                await stream.WriteFrameAsync(StdStream.SystemError, text, stream.Gone);
            }
            else
            {
                await stream.WriteAsync(text, stream.Gone);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Nobody is left to be told.
        }
    }
}
