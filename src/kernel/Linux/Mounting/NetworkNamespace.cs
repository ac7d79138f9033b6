using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Work inside a network namespace, on a thread that ends afterwards. Sockets opened there stay in it for ever.</summary>
public static class NetworkNamespace
{
    /// <summary>Opens a namespace file (/proc/PID/ns/net or a bind mount of one).</summary>
    public static SafeFileHandle Open(string nsPath) =>
        Descriptors.Own(FileCalls.Open(PathText.Terminated(nsPath), FileCalls.ReadOnly | FileCalls.CloseOnExec, 0), "open", nsPath);

    /// <summary>Runs the function in the namespace and returns what it returns.</summary>
    public static T RunIn<T>(SafeFileHandle netns, Func<T> function) =>
        DedicatedThread.Run("network namespace", () =>
        {
            LinuxException.Check(ProcessCalls.SetNamespace(netns, ProcessCalls.CloneNewNet), "setns");
            return function();
        });

    /// <summary>Opens a socket in the namespace that the path names.</summary>
    public static T OpenSocketIn<T>(string nsPath, Func<T> open)
    {
        using var netns = Open(nsPath);
        return RunIn(netns, open);
    }

    /// <summary>A new, empty network namespace (its loopback is down); it lives as long as the handle, a bind mount or a process in it.</summary>
    public static SafeFileHandle Create() =>
        DedicatedThread.Run("network namespace", () =>
        {
            LinuxException.Check(ProcessCalls.Unshare(ProcessCalls.CloneNewNet), "unshare");
            return Open("/proc/thread-self/ns/net");
        });
}
