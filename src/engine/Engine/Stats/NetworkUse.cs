using System.Globalization;
using Slipway.DockerApi;

namespace Slipway.Engine.Stats;

/// <summary>What went through a container's interfaces.</summary>
internal static class NetworkUse
{
    // proc_pid_net(5), dev: name, then eight counters of what was received and eight of what was sent.
    private const int Sent = 8;

    /// <summary>Reads the counters of a process's network namespace.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="interfaces">The interfaces that count; others in the namespace are nobody's endpoints.</param>
    /// <returns>Counters by interface; null when there are none, or the process ended.</returns>
    internal static IReadOnlyDictionary<string, ContainerNetworkStats>? Read(int pid, IReadOnlyCollection<string> interfaces)
    {
        if (interfaces.Count == 0)
        {
            return null;
        }

        var found = new Dictionary<string, ContainerNetworkStats>();
        try
        {
            foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/net/dev")))
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0 && line[..colon].Trim() is var name && interfaces.Contains(name))
                {
                    var counters = Array.ConvertAll(line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries), text => ulong.Parse(text, CultureInfo.InvariantCulture));
                    found.Add(name, new ContainerNetworkStats
                    {
                        RxBytes = counters[0],
                        RxPackets = counters[1],
                        RxErrors = counters[2],
                        RxDropped = counters[3],
                        TxBytes = counters[Sent],
                        TxPackets = counters[Sent + 1],
                        TxErrors = counters[Sent + 2],
                        TxDropped = counters[Sent + 3],
                    });
                }
            }
        }
        catch (IOException)
        {
            return null;
        }

        return found.Count > 0 ? found : null;
    }
}
