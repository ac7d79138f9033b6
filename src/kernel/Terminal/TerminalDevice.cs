using System.Runtime.InteropServices;

namespace Slipway.Terminal;

/// <summary>The terminal behind a descriptor.</summary>
public static class TerminalDevice
{
    /// <summary>True when the descriptor is a terminal.</summary>
    public static bool IsTerminal(int fd) => TerminalCalls.IsTerminal(fd) == 1;

    /// <summary>The window's size in characters; null when the descriptor is no terminal or the size is unknown.</summary>
    public static (int Rows, int Columns)? Size(int fd) =>
        TerminalCalls.Control(fd, TerminalCalls.GetWindowSize, out var size) == 0 && size is { Rows: > 0, Columns: > 0 }
            ? (size.Rows, size.Columns)
            : null;

    /// <summary>Switches echo off, for passwords, until the result is disposed.</summary>
    /// <exception cref="IOException">The descriptor is no terminal.</exception>
    public static IDisposable NoEcho(int fd)
    {
        var saved = Read(fd);
        var changed = saved;
        changed.Local &= ~TerminalCalls.Echo;
        return new TerminalChange(fd, saved, changed);
    }

    internal static TerminalCalls.Settings Read(int fd) =>
        TerminalCalls.Get(fd, out var settings) == 0 ? settings : throw Failed();

    internal static IOException Failed() =>
        new("terminal: " + Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()).ToLowerInvariant());
}
