using System.Security.Cryptography;
using System.Text;
using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Health;

/// <summary>
/// The processes of a health check that took too long, its children and theirs included: they are known by a variable of their
/// environment, wherever they have gone in the container.
/// </summary>
internal static class ProbeProcesses
{
    private const int Sigkill = 9;
    private const int MaxEnvironment = 256 << 10;
    private const int Rounds = 8;

    /// <summary>A variable that no other probe has.</summary>
    internal static string NewMark() => "SLIPWAY_PROBE=" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>Kills every process of the container that carries the mark. Those that it is making meanwhile are met in the next round.</summary>
    internal static void Kill(Container container, string mark)
    {
        if (container.Task is not { } task)
        {
            return;
        }

        var sought = Encoding.ASCII.GetBytes(mark);
        for (var round = 0; round < Rounds && KillOnce(task.CgroupPath, sought); round++)
        {
        }
    }

    private static bool KillOnce(string cgroup, byte[] mark)
    {
        var found = false;
        foreach (var pid in Cgroups.Processes(cgroup, recursive: true))
        {
            // The handle is taken before the look, so that the process looked at is the one that is killed.
            using var process = Pidfd.Open(pid);
            if (process is not null && Carries(pid, mark))
            {
                found |= process.Signal(Sigkill);
            }
        }

        return found;
    }

    private static bool Carries(int pid, byte[] mark)
    {
        try
        {
            using var file = File.OpenHandle($"/proc/{pid}/environ");
            var environment = new byte[MaxEnvironment];
            var length = RandomAccess.Read(file, environment, 0);
            return environment.AsSpan(0, length).IndexOf(mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
