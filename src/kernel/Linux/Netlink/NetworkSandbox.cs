using System.Text;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>A setting below /proc/sys.</summary>
/// <param name="Name">Its path there, such as "net/ipv6/conf/all/disable_ipv6".</param>
/// <param name="Value">What is written.</param>
public readonly record struct Sysctl(string Name, string Value)
{
    /// <summary>Writes settings of a network namespace; they are found by the namespace of the thread, so this takes a thread.</summary>
    public static void Write(SafeFileHandle netns, IEnumerable<Sysctl> settings) =>
        NetworkNamespace.RunIn(netns, () =>
        {
            WriteHere(settings);
            return true;
        });

    internal static void WriteHere(IEnumerable<Sysctl> settings)
    {
        foreach (var (name, value) in settings)
        {
            using var file = File.OpenHandle("/proc/sys/" + name, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(value), 0);
        }
    }
}

/// <summary>
/// A network namespace for a container with everything that is needed to work in it, made on one thread in one go. It ends with this object
/// unless a process is in it or it was kept at a path.
/// </summary>
public sealed class NetworkSandbox : IDisposable
{
    private NetworkSandbox(SafeFileHandle netns, Rtnetlink links)
    {
        Namespace = netns;
        Links = links;
    }

    /// <summary>The namespace.</summary>
    public SafeFileHandle Namespace { get; }

    /// <summary>Requests inside the namespace.</summary>
    public Rtnetlink Links { get; }

    /// <summary>A new namespace with its loopback switched on and these settings written.</summary>
    /// <param name="settings">Settings written inside.</param>
    /// <param name="path">A file that is made and stands for the namespace until <see cref="Remove"/>; null for none.</param>
    public static NetworkSandbox Create(IReadOnlyList<Sysctl> settings, string? path = null) =>
        DedicatedThread.Run("network sandbox", () =>
        {
            LinuxException.Check(ProcessCalls.Unshare(ProcessCalls.CloneNewNet), "unshare");
            Sysctl.WriteHere(settings);
            var sandbox = new NetworkSandbox(NetworkNamespace.Open("/proc/thread-self/ns/net"), Rtnetlink.Open());
            try
            {
                sandbox.Links.Apply(new RouteBatch().SetUp(1));
                if (path is not null)
                {
                    Keep("/proc/thread-self/ns/net", path);
                }

                return sandbox;
            }
            catch
            {
                sandbox.Dispose();
                throw;
            }
        });

    /// <summary>The namespace that a path stands for: /proc/PID/ns/net, or where it was kept.</summary>
    public static NetworkSandbox Open(string path)
    {
        var netns = NetworkNamespace.Open(path);
        try
        {
            return new NetworkSandbox(netns, Rtnetlink.OpenIn(netns));
        }
        catch
        {
            netns.Dispose();
            throw;
        }
    }

    /// <summary>Takes the file away that a namespace was kept at; false when there was none.</summary>
    public static bool Remove(string path)
    {
        var mounted = Mounts.UnmountAll(path);
        File.Delete(path);
        return mounted;
    }

    /// <summary>Closes what is open; the kernel takes the namespace apart in the background once nobody has it any more.</summary>
    public void Dispose()
    {
        Links.Dispose();
        Namespace.Dispose();
    }

    private static void Keep(string netns, string path)
    {
        File.Create(path).Dispose();
        try
        {
            Mounts.Bind(netns, path, recursive: false, readOnly: false);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
