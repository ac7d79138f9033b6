using Slipway.Cli.Options;
using Slipway.Client;

namespace Slipway.Cli.Verbs;

/// <summary><c>system dial-stdio</c>: the engine's socket on standard input and output, for clients that come through ssh.</summary>
internal static class DialVerb
{
    public static Verb DialStdio() => new("", new FlagTable(), RunAsync) { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        await using HijackedStream engine = await call.Engine.DialAsync();
        await using Stream input = Console.OpenStandardInput();
        await using Stream output = Console.OpenStandardOutput();
        _ = SendAsync(input, engine);
        await engine.CopyToAsync(output);
        return 0;
    }

    private static async Task SendAsync(Stream input, HijackedStream engine)
    {
        try
        {
            await input.CopyToAsync(engine);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The engine has hung up; what it said comes out on the other side.
        }

        engine.CloseWrite();
    }
}
