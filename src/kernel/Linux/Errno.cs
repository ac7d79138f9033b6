namespace Slipway.Linux;

/// <summary>Error numbers of Linux on x86_64 and arm64 (errno(3)).</summary>
public static class Errno
{
    /// <summary>EPERM</summary>
    public const int NotPermitted = 1;
    /// <summary>ENOENT</summary>
    public const int NoEntry = 2;
    /// <summary>ESRCH</summary>
    public const int NoProcess = 3;
    /// <summary>EINTR</summary>
    public const int Interrupted = 4;
    /// <summary>EIO</summary>
    public const int InputOutput = 5;
    /// <summary>ENXIO</summary>
    public const int NoDeviceOrAddress = 6;
    /// <summary>EBADF</summary>
    public const int BadDescriptor = 9;
    /// <summary>ECHILD</summary>
    public const int NoChild = 10;
    /// <summary>EAGAIN</summary>
    public const int Again = 11;
    /// <summary>ENOMEM</summary>
    public const int NoMemory = 12;
    /// <summary>EACCES</summary>
    public const int Access = 13;
    /// <summary>EBUSY</summary>
    public const int Busy = 16;
    /// <summary>EEXIST</summary>
    public const int Exists = 17;
    /// <summary>EXDEV</summary>
    public const int CrossDevice = 18;
    /// <summary>ENODEV</summary>
    public const int NoDevice = 19;
    /// <summary>ENOTDIR</summary>
    public const int NotDirectory = 20;
    /// <summary>EISDIR</summary>
    public const int IsDirectory = 21;
    /// <summary>EINVAL</summary>
    public const int Invalid = 22;
    /// <summary>ENOSPC</summary>
    public const int NoSpace = 28;
    /// <summary>EROFS</summary>
    public const int ReadOnly = 30;
    /// <summary>EPIPE</summary>
    public const int BrokenPipe = 32;
    /// <summary>EMLINK: the object has as many links as the file system allows.</summary>
    public const int TooManyLinks = 31;
    /// <summary>ERANGE</summary>
    public const int Range = 34;
    /// <summary>ENAMETOOLONG</summary>
    public const int NameTooLong = 36;
    /// <summary>ENOSYS</summary>
    public const int NoSystemCall = 38;
    /// <summary>ENOTEMPTY</summary>
    public const int NotEmpty = 39;
    /// <summary>ELOOP</summary>
    public const int Loop = 40;
    /// <summary>ENODATA</summary>
    public const int NoData = 61;
    /// <summary>EPROTONOSUPPORT</summary>
    public const int ProtocolNotSupported = 93;
    /// <summary>ESOCKTNOSUPPORT</summary>
    public const int SocketTypeNotSupported = 94;
    /// <summary>EOPNOTSUPP</summary>
    public const int NotSupported = 95;
    /// <summary>EADDRINUSE</summary>
    public const int AddressInUse = 98;
    /// <summary>EADDRNOTAVAIL</summary>
    public const int AddressNotAvailable = 99;
    /// <summary>ECONNREFUSED</summary>
    public const int ConnectionRefused = 111;
    /// <summary>EDQUOT</summary>
    public const int Quota = 122;
}
