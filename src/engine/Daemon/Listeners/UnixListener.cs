using System.Globalization;
using System.Net.Sockets;
using Slipway.Transport;
using Slipway.Daemon.Options;
using Slipway.Linux;

namespace Slipway.Daemon.Listeners;

/// <summary>Opens a unix socket that root and one group may use.</summary>
internal static class UnixListener
{
    private const int Mode = 0b110_110_000;

    private static readonly string[] s_groups = ["slipway", "docker"];

    /// <summary>Listens; a file whose daemon was killed is replaced, one behind which somebody answers is not.</summary>
    public static BoundEndPoint Open(string path, string? group, string display)
    {
        var owner = FindGroup(group);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new BoundEndPoint(UnixSockets.ListenStream(path, Mode, (int?)owner ?? -1), display) { SocketFile = path };
        }
        catch (Exception e) when (e is LinuxException or SocketException or IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"cannot listen on unix://{path}: {e.Message}");
        }
    }

    private static uint? FindGroup(string? wanted)
    {
        var groups = File.Exists("/etc/group") ? File.ReadLines("/etc/group").Select(l => l.Split(':')).Where(f => f.Length >= 3).ToList() : [];
        foreach (var name in wanted is null ? s_groups : [wanted])
        {
            if (groups.Find(f => f[0] == name || (wanted is not null && f[2] == name)) is { } entry
                && uint.TryParse(entry[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                return id;
            }
        }

        return wanted is null or "" ? null : throw new OptionException($"group: there is no group \"{wanted}\"");
    }
}
