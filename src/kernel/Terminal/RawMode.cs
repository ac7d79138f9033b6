namespace Slipway.Terminal;

/// <summary>A terminal that passes every key on at once and unchanged (cfmakeraw), until disposed or the process exits.</summary>
public sealed class RawMode : IDisposable
{
    private readonly TerminalChange change;

    private RawMode(TerminalChange change) => this.change = change;

    /// <summary>Enters raw mode.</summary>
    /// <exception cref="IOException">The descriptor is no terminal.</exception>
    public static RawMode Enter(int fd)
    {
        var saved = TerminalDevice.Read(fd);
        var raw = saved;
        TerminalCalls.MakeRaw(ref raw);
        return new RawMode(new TerminalChange(fd, saved, raw));
    }

    /// <summary>Restores the terminal.</summary>
    public void Dispose() => change.Dispose();
}
