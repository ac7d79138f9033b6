using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Named pipes (fifo(7)) and waiting for descriptors with poll(2).</summary>
public static class Fifo
{
    private const short PollIn = 1;

    /// <summary>Makes a fifo at a host path.</summary>
    public static void Create(string path, UnixFileMode mode) =>
        LinuxException.Check(FileCalls.MakeNodeAt(Descriptors.WorkingDirectory, PathText.Terminated(path), 0x1000 | (uint)mode, 0), "mkfifo", path);

    /// <summary>Opens for reading without waiting for a writer; reads give EAGAIN while nothing is there.</summary>
    public static SafeFileHandle OpenReadNonBlocking(string path) => Open(path, FileCalls.ReadOnly | FileCalls.NonBlocking);

    /// <summary>Opens for writing without waiting: ENXIO when nobody reads. Writes block afterwards.</summary>
    public static SafeFileHandle OpenWrite(string path)
    {
        var file = Open(path, FileCalls.WriteOnly | FileCalls.NonBlocking);
        Descriptors.SetNonBlocking(file, on: false);
        return file;
    }

    /// <summary>Waits until one of the descriptors is readable, at its end or broken; false when the time is over first. Blocks the thread.</summary>
    /// <param name="handles">What to wait for.</param>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public static bool WaitReadable(IReadOnlyList<SafeFileHandle> handles, TimeSpan timeout)
    {
        var set = handles.Select(h => new PollCalls.PollDescriptor { Fd = (int)h.DangerousGetHandle(), Events = PollIn }).ToArray();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var left = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Clamp((timeout - watch.Elapsed).TotalMilliseconds, 0, int.MaxValue);
            var ready = PollCalls.Poll(set, (nuint)set.Length, left);
            if (ready >= 0)
            {
                GC.KeepAlive(handles);
                return ready > 0;
            }

            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                throw LinuxException.Last("poll");
            }
        }
    }

    private static SafeFileHandle Open(string path, int flags) =>
        Descriptors.Own(FileCalls.Open(PathText.Terminated(path), flags | FileCalls.CloseOnExec, 0), "open", path);
}
