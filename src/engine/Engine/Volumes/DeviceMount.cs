using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>Mounts what the options <c>type</c>, <c>device</c> and <c>o</c> of a volume name over its mount point.</summary>
internal static class DeviceMount
{
    /// <summary>Mounts the device unless something already is. May block as long as a remote file server takes: not for pool threads.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> with the kernel's reason.</exception>
    internal static void Mount(Volume volume)
    {
        if (Mounts.IsMountPoint(volume.Mountpoint))
        {
            return;
        }

        var given = volume.Record.Options!;
        var (type, device) = (given["type"], given["device"]);
        var options = MountOptions.Parse(WithAddress(volume, type, given.GetValueOrDefault("o", "")));
        try
        {
            Mounts.Mount(device, volume.Mountpoint, type, options.Flags, options.Data);
            Adjust(volume.Mountpoint, options);
        }
        catch (LinuxException e)
        {
            Mounts.UnmountAll(volume.Mountpoint);
            throw Failure(volume, $"failed to mount local volume: {Describe(device, volume.Mountpoint, options)}: {LinuxException.Describe(e.Errno)}");
        }
    }

    // The first mount(2) of a bind ignores "ro" and the like, and propagation always takes a call of its own.
    private static void Adjust(string target, MountOptions options)
    {
        const ulong ignoredByBind = ~(MountFlags.Bind | MountFlags.Recursive);
        if ((options.Flags & MountFlags.Bind) != 0 && (options.Flags & ignoredByBind) != 0)
        {
            Mounts.Mount(null, target, null, (options.Flags & ~MountFlags.Recursive) | MountFlags.Remount, null);
        }

        if (options.Propagation != 0)
        {
            Mounts.Mount(null, target, null, options.Propagation, null);
        }
    }

    // The kernel's nfs and cifs take only a number as server address; mount.nfs(8) would resolve the name.
    private static string WithAddress(Volume volume, string type, string options)
    {
        const string key = "addr=";
        var parts = options.Split(',');
        var at = Array.FindIndex(parts, part => part.StartsWith(key, StringComparison.Ordinal));
        if (type is not ("nfs" or "nfs4" or "cifs") || at < 0 || IPAddress.TryParse(parts[at][key.Length..], out _))
        {
            return options;
        }

        try
        {
            parts[at] = key + Dns.GetHostAddresses(parts[at][key.Length..])[0];
            return string.Join(',', parts);
        }
        catch (SocketException e)
        {
            throw Failure(volume, $"error resolving passed in network volume address: {e.Message}");
        }
    }

    private static string Describe(string device, string target, MountOptions options)
    {
        var text = $"mount {device}:{target}";
        text += options.Flags == 0 ? "" : ", flags: 0x" + options.Flags.ToString("x", CultureInfo.InvariantCulture);
        return options.Data.Length == 0 ? text : $"{text}, data: {options.Data}";
    }

    private static EngineException Failure(Volume volume, string reason) =>
        EngineException.Invalid($"error while mounting volume '{volume.Mountpoint}': {reason}");
}
