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
            await TellAsync(stream, multiplexed ? StdStream.SystemError : null, e);
        }
    }

    /// <summary>Tells the client why its work ended, if there is a reason and a client.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="frame">The stream in whose frame the reason goes; null for a connection without frames.</param>
    /// <param name="error">The reason.</param>
    public static Task TellAsync(HijackedStream stream, StdStream? frame, Exception error) => error switch
    {
        EngineException => TellAsync(stream, frame, error.Message),
        OperationCanceledException or IOException => Task.CompletedTask,
        _ => throw new InvalidOperationException("a hijacked connection failed", error),
    };

    private static async Task TellAsync(HijackedStream stream, StdStream? frame, string message)
    {
        var text = Encoding.UTF8.GetBytes(message + "\r\n");
        try
        {
            if (frame is { } kind)
            {
                await stream.WriteFrameAsync(kind, text, stream.Gone);
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
