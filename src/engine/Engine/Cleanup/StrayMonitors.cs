using System.Globalization;
using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Cleanup;

/// <summary>
/// Monitors and runtimes of starts that an earlier daemon had begun when it was killed. They go on by themselves and would make again what
/// is being taken apart. They are in no cgroup of a container, so that they are found by their command lines.
/// </summary>
internal static class StrayMonitors
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Ends them and waits until they are gone.</summary>
    /// <param name="runtimeState">The runtime's state directory, which tells our processes from those of another engine.</param>
    /// <param name="containers">The containers that do not run; nothing is looked for when there are none.</param>
    /// <exception cref="LinuxException">A process can't be signalled.</exception>
    internal static void End(string runtimeState, IReadOnlySet<string> containers)
    {
        if (containers.Count == 0)
        {
            return;
        }

        // In the order of their numbers a monitor comes before the runtime that it starts.
        foreach (var pid in Pids().Order().Where(pid => Concerns(pid, runtimeState, containers)))
        {
            using var process = Pidfd.Open(pid);

            // Asked again: the descriptor is now exactly that process.
            if (process is not null && Concerns(pid, runtimeState, containers) && process.Signal(9))
            {
                Fifo.WaitReadable([process.Handle], Patience);
            }
        }
    }

    private static IEnumerable<int> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0);

    private static bool Concerns(int pid, string runtimeState, IReadOnlySet<string> containers)
    {
        try
        {
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"))).Split('\0');
            return arguments.Contains(runtimeState) && arguments.Any(containers.Contains);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
