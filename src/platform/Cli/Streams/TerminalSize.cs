using System.Runtime.InteropServices;
using Slipway.Client;
using Slipway.Terminal;

namespace Slipway.Cli.Streams;

/// <summary>Keeps a process's terminal as large as ours.</summary>
internal sealed class TerminalSize : IDisposable
{
    private const int StandardOutput = 1;
    private readonly PosixSignalRegistration _registration;
    private readonly Func<int, int, Task> _resize;

    private TerminalSize(Func<int, int, Task> resize)
    {
        _resize = resize;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => _ = ApplyAsync());
    }

    /// <summary>Sets the size now and whenever the window changes.</summary>
    /// <param name="resize">Asks the engine for rows and columns.</param>
    public static async Task<TerminalSize> FollowAsync(Func<int, int, Task> resize)
    {
        TerminalSize size = new(resize);
        await size.ApplyAsync();
        return size;
    }

    private async Task ApplyAsync()
    {
        if (TerminalDevice.Size(StandardOutput) is not { } size)
        {
            return;
        }

        try
        {
            await _resize(size.Rows, size.Columns);
        }
        catch (Exception e) when (e is EngineApiException or IOException or System.Net.Sockets.SocketException)
        {
            // The process has just ended, or has not quite begun; a wrong size is not worth an error.
        }
    }

    public void Dispose() => _registration.Dispose();
}
