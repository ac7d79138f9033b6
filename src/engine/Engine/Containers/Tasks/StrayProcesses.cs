using System.Globalization;
using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>
/// The monitor and the runtime of a start that a killed daemon had begun: for some milliseconds they go on by themselves, and would make
/// what is being taken apart again. They are in no cgroup of the container's, so they are found by their command lines.
/// </summary>
internal static class StrayProcesses
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Ends them and waits until they are gone.</summary>
    /// <param name="runtimeState">The runtime's state directory, which tells our processes from those of another engine.</param>
    /// <param name="containerId">The container.</param>
    /// <param name="watch">Waits for their ends.</param>
    /// <param name="time">Clock of the wait.</param>
    internal static async Task EndAsync(string runtimeState, string containerId, ProcessWatch watch, TimeProvider time)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || !Concerns(pid, runtimeState, containerId) || Pidfd.Open(pid) is not { } process)
            {
                continue;
            }

            using (process)
            {
                // Asked again: the descriptor is now exactly that process.
                if (Concerns(pid, runtimeState, containerId))
                {
                    process.Signal(9);
                    await watch.WaitForExit(process).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private static bool Concerns(int pid, string runtimeState, string containerId)
    {
        try
        {
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"))).Split('\0');
            return arguments.Contains(containerId) && arguments.Contains(runtimeState);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
