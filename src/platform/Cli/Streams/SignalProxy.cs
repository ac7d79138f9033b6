using System.Globalization;
using System.Runtime.InteropServices;
using Slipway.Client;

namespace Slipway.Cli.Streams;

/// <summary>Hands the signals that the client gets to the process in the container, for as long as it is not disposed.</summary>
internal sealed class SignalProxy : IDisposable
{
    private static readonly (int Number, PosixSignal Signal)[] s_signals =
    [
        (1, PosixSignal.SIGHUP), (2, PosixSignal.SIGINT), (3, PosixSignal.SIGQUIT), (15, PosixSignal.SIGTERM),
        (10, (PosixSignal)10), (12, (PosixSignal)12), (14, (PosixSignal)14),
    ];

    private readonly List<PosixSignalRegistration> _registrations = [];

    public SignalProxy(EngineClient engine, string container)
    {
        foreach ((int number, PosixSignal signal) in s_signals)
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _ = SendAsync(engine, container, number);
            }));
        }
    }

    private static async Task SendAsync(EngineClient engine, string container, int signal)
    {
        try
        {
            await engine.KillContainerAsync(container, signal.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is EngineApiException or IOException or System.Net.Sockets.SocketException)
        {
            // The process has ended meanwhile.
        }
    }

    public void Dispose() => _registrations.ForEach(r => r.Dispose());
}
