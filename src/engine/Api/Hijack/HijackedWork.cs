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
        catch (Exception e)
        {
            await TellAsync(stream, multiplexed, e);
        }
    }

    /// <summary>Tells the client why its work ended, if there is a reason and a client.</summary>
    public static Task TellAsync(HijackedStream stream, bool multiplexed, Exception error) => error switch
    {
        EngineException => TellAsync(stream, multiplexed, error.Message),
        OperationCanceledException or IOException => Task.CompletedTask,
        _ => throw new InvalidOperationException("a hijacked connection failed", error),
    };

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
