using System.Runtime.InteropServices;

namespace Slipway.Linux;

/// <summary>A system call failed. The message is "call path: reason" with the C library's text in lower case.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>Describes a failed call.</summary>
    /// <param name="call">Name of the system call.</param>
    /// <param name="path">What it was applied to, if anything.</param>
    /// <param name="errno">The error number (errno(3)).</param>
    public LinuxException(string call, string? path, int errno)
        : base($"{(string.IsNullOrEmpty(path) ? call : call + " " + path)}: {Describe(errno)}")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>Describes a failed request to the kernel with the kernel's own explanation, where it gave one.</summary>
    internal LinuxException(string call, string? path, int errno, string? detail)
        : base(detail is null
            ? $"{(string.IsNullOrEmpty(path) ? call : call + " " + path)}: {Describe(errno)}"
            : $"{(string.IsNullOrEmpty(path) ? call : call + " " + path)}: {detail} ({Describe(errno)})")
    {
        Call = call;
        Errno = errno;
        Detail = detail;
    }

    /// <summary>The kernel's own explanation of a refused netlink request (its extended acknowledgement), if it gave one.</summary>
    public string? Detail { get; }

    /// <summary>The error number, see <see cref="Linux.Errno"/>.</summary>
    public int Errno { get; }

    /// <summary>The system call that failed.</summary>
    public string Call { get; }

    /// <summary>ENOENT or ENOTDIR: nothing is at that path.</summary>
    public bool IsNotFound => Errno is Linux.Errno.NoEntry or Linux.Errno.NotDirectory;

    /// <summary>EEXIST.</summary>
    public bool IsExists => Errno == Linux.Errno.Exists;

    /// <summary>ENOSPC or EDQUOT.</summary>
    public bool IsNoSpace => Errno is Linux.Errno.NoSpace or Linux.Errno.Quota;

    /// <summary>EACCES or EPERM.</summary>
    public bool IsPermission => Errno is Linux.Errno.Access or Linux.Errno.NotPermitted;

    /// <summary>EBUSY.</summary>
    public bool IsBusy => Errno == Linux.Errno.Busy;

    /// <summary>ESRCH: no such process.</summary>
    public bool IsNoProcess => Errno == Linux.Errno.NoProcess;

    /// <summary>ENOSYS, EOPNOTSUPP: the kernel or the file system cannot do that.</summary>
    public bool IsNotSupported => Errno is Linux.Errno.NoSystemCall or Linux.Errno.NotSupported;

    /// <summary>ELOOP: too many links, or a link where none is followed.</summary>
    public bool IsLoop => Errno == Linux.Errno.Loop;

    /// <summary>The C library's description in lower case.</summary>
    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno).ToLowerInvariant();

    internal static LinuxException Last(string call, string? path = null) =>
        new(call, path, Marshal.GetLastPInvokeError());

    internal static void Check(int result, string call, string? path = null)
    {
        if (result < 0)
        {
            throw Last(call, path);
        }
    }

    internal static void Check(nint result, string call, string? path = null)
    {
        if (result < 0)
        {
            throw Last(call, path);
        }
    }
}
