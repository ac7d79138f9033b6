using Slipway.Client;

namespace Slipway.Faults.Fixture;

/// <summary>What a daemon leaves of containers that were removed through its API; looked for before a test cleans up by force.</summary>
internal static class Leftovers
{
    /// <summary>Removes every container of a running daemon and tells what is still there some seconds later.</summary>
    internal static async Task<IReadOnlyList<string>> AfterRemovalAsync(PrivateDaemon daemon)
    {
        if (!daemon.IsRunning)
        {
            return [];
        }

        try
        {
            await Task.WhenAll((await daemon.ListAsync()).Select(container => daemon.RemoveAsync((string)container!["Id"]!)));
            await Wait.UntilAsync("nothing is left", () => Of(daemon).Count == 0, 10);
            return [];
        }
        catch (Exception e) when (e is TimeoutException or EngineApiException)
        {
            return [e.Message, .. Of(daemon)];
        }
    }

    private static List<string> Of(PrivateDaemon daemon) =>
    [
        .. Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Where(pid => pid != daemon.Pid && Name(pid) is not ("slipwayd" or "")).Select(pid => $"process {pid} {Name(pid)}"),
        .. Scratch.Mounts(daemon.DataRoot).Concat(Scratch.Mounts(daemon.ExecRoot)).Where(mount => mount.Contains("/containers/", StringComparison.Ordinal)).Select(mount => "mount " + mount),
        .. Scratch.CgroupDirectories(daemon.CgroupParent[1..]).SelectMany(Directory.GetDirectories).Select(group => "cgroup " + group),
        .. new[] { daemon.DataRoot + "/containers", daemon.ExecRoot + "/containers", daemon.ExecRoot + "/exits", daemon.ExecRoot + "/runc" }.Where(Directory.Exists)
            .SelectMany(Directory.GetFileSystemEntries).Select(entry => "entry " + entry),
    ];

    private static string Name(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
