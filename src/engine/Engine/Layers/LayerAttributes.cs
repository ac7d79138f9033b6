using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Which extended attributes of an image reach the disk, and which of the disk an image.</summary>
internal static class LayerAttributes
{
    /// <summary>An entry's attributes without those that steer overlayfs: an image must not choose what a mount shows.</summary>
    internal static IEnumerable<KeyValuePair<string, byte[]>> Wanted(TarEntry entry) =>
        entry.Attributes is null ? [] : entry.Attributes.Where(attribute => IsWanted(attribute.Key));

    /// <summary>Whether an attribute belongs to the content, not to overlayfs.</summary>
    internal static bool IsWanted(string name) =>
        !name.StartsWith("trusted.overlay.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal)
        && name.Length is > 0 and <= 255 && !name.Contains('\0', StringComparison.Ordinal);

    /// <summary>Whether an attribute is kept in layers made here: labels of a security module and what the file system keeps for itself belong to this host.</summary>
    internal static bool IsContent(string name) =>
        name != "security.selinux" && IsWanted(name) && !name.StartsWith("system.", StringComparison.Ordinal);

    /// <summary>Gives an object owner, mode, extended attributes and times of the one with the same path in another tree.</summary>
    internal static void Copy(SafePath from, string path, FileStat stat, SafePath to, Func<string, bool> wanted)
    {
        to.SetOwner(path, stat.Uid, stat.Gid);
        to.SetMode(path, stat.Permissions);
        foreach (var name in from.ListXattr(path).Where(wanted))
        {
            if (from.GetXattr(path, name) is { } value)
            {
                Try(() => to.SetXattr(path, name, value));
            }
        }

        to.SetTimes(path, stat.MTimeNs, stat.MTimeNs);
    }

    /// <summary>Sets one; attributes this file system or kernel does not keep (a label of an absent security module) are left out, as Docker does.</summary>
    internal static void Try(Action set)
    {
        try
        {
            set();
        }
        catch (LinuxException e) when (e.IsNotSupported || e.IsPermission)
        {
            return;
        }
    }
}
