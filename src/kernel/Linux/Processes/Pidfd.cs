using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>A process by descriptor (pidfd_open(2)): it never comes to mean another process, whatever happens to the number.</summary>
public sealed class Pidfd : IDisposable
{
    private Pidfd(int pid, SafeFileHandle handle)
    {
        Pid = pid;
        Handle = handle;
    }

    /// <summary>The process's number.</summary>
    public int Pid { get; }

    /// <summary>The descriptor; readable once the process has ended.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>True once the process has ended (a zombie has).</summary>
    public bool HasExited => Fifo.WaitReadable([Handle], TimeSpan.Zero);

    /// <summary>Takes hold of a process; null when there is none. Check its start time (<see cref="ProcStat"/>) if the number came from a file.</summary>
    public static Pidfd? Open(int pid)
    {
        var fd = ProcessCalls.OpenPidfd(pid);
        if (fd >= 0)
        {
            return new Pidfd(pid, new SafeFileHandle((nint)fd, ownsHandle: true));
        }

        // EINVAL: the number is no process (0, negative) or a thread of one.
        return Marshal.GetLastPInvokeError() is Errno.NoProcess or Errno.Invalid ? null : throw LinuxException.Last("pidfd_open");
    }

    /// <summary>Sends a signal; false when the process is gone.</summary>
    public bool Signal(int signal)
    {
        if (ProcessCalls.SendSignal(Handle, signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.NoProcess ? false : throw LinuxException.Last("pidfd_send_signal");
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
