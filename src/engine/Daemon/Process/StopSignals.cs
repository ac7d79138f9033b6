using System.Runtime.InteropServices;

namespace Slipway.Daemon.Process;

/// <summary>SIGTERM and SIGINT ask for the end; SIGHUP for a fresh look at the configuration file.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<PosixSignal> _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals(Action reload)
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, c =>
            {
                c.Cancel = true;
                reload();
            }),
        ];
    }

    /// <summary>Completes with the first signal that asks for the end.</summary>
    public Task<PosixSignal> Stop => _stop.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        _stop.TrySetResult(context.Signal);
    }
}
