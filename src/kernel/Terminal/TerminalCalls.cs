using System.Runtime.InteropServices;

namespace Slipway.Terminal;

/// <summary>termios(3) and the window size (ioctl_tty(2)), as on x86_64 and arm64.</summary>
internal static partial class TerminalCalls
{
    internal const int Now = 0;
    internal const ulong GetWindowSize = 0x5413;
    internal const uint Echo = 8;

    /// <summary>struct termios of glibc.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 60)]
    internal struct Settings
    {
        internal uint Input;
        internal uint Output;
        internal uint Control;
        internal uint Local;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct WindowSize
    {
        internal ushort Rows;
        internal ushort Columns;
        internal ushort Width;
        internal ushort Height;
    }

    [LibraryImport("libc", EntryPoint = "isatty", SetLastError = true)]
    internal static partial int IsTerminal(int fd);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    internal static partial int Get(int fd, out Settings settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    internal static partial int Set(int fd, int when, in Settings settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    internal static partial void MakeRaw(ref Settings settings);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(int fd, ulong request, out WindowSize size);
}
