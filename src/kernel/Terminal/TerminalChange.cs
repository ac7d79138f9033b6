namespace Slipway.Terminal;

/// <summary>Settings that are put back once: on dispose or when the process exits.</summary>
internal sealed class TerminalChange : IDisposable
{
    private readonly int fd;
    private readonly TerminalCalls.Settings saved;
    private int restored;

    internal TerminalChange(int fd, TerminalCalls.Settings saved, TerminalCalls.Settings changed)
    {
        (this.fd, this.saved) = (fd, saved);
        AppDomain.CurrentDomain.ProcessExit += Restore;
        if (TerminalCalls.Set(fd, TerminalCalls.Now, in changed) != 0)
        {
            AppDomain.CurrentDomain.ProcessExit -= Restore;
            throw TerminalDevice.Failed();
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
    }

    private void Restore(object? sender, EventArgs arguments)
    {
        if (Interlocked.Exchange(ref restored, 1) == 0)
        {
            TerminalCalls.Set(fd, TerminalCalls.Now, in saved);
        }
    }
}
