using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>A resource limit; <see cref="ulong.MaxValue"/> is unlimited.</summary>
/// <param name="Soft">What holds now.</param>
/// <param name="Hard">How far a process without CAP_SYS_RESOURCE may raise it.</param>
public readonly record struct Rlimit(ulong Soft, ulong Hard);

/// <summary>getrlimit(2): names as docker's --ulimit has them.</summary>
public static class Rlimits
{
    private static readonly string[] Names =
    [
        "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
    ];

    /// <summary>All names; the index is the resource's number.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>A limit of this process by name ("nofile"); null when there is no such limit.</summary>
    public static Rlimit? Read(string name)
    {
        var resource = Array.IndexOf(Names, name);
        if (resource < 0)
        {
            return null;
        }

        LinuxException.Check(ProcessCalls.GetLimit(0, resource, 0, out var limit), "prlimit", name);
        return new Rlimit(limit.Soft, limit.Hard);
    }
}
