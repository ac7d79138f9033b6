using Slipway.Linux;

namespace Slipway.Engine;

/// <summary>Failures of the disk below the data root. They say nothing about the request, which may succeed when the disk is in order again.</summary>
public static class DeviceFaults
{
    /// <summary>The failure as <see cref="ErrorKind.Unavailable"/>, naming the file, when a full, read-only or failing disk caused it; else null.</summary>
    public static EngineException? Translate(Exception failure) =>
        failure is IOException && Reason(failure) is { } reason
            ? new EngineException(ErrorKind.Unavailable, failure.Message.Contains(reason, StringComparison.OrdinalIgnoreCase) ? failure.Message : $"{failure.Message}: {reason}", failure)
            : null;

    // On Unix an IOException of the class library carries the error number as it is.
    private static string? Reason(Exception failure) => ((failure as LinuxException)?.Errno ?? failure.HResult) switch
    {
        Errno.NoSpace or Errno.Quota => "no space left on device",
        Errno.ReadOnly => "read-only file system",
        Errno.InputOutput => "input/output error",
        _ => null,
    };
}
