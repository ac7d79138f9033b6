using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Which extended attributes of an image reach the disk.</summary>
internal static class LayerAttributes
{
    /// <summary>An entry's attributes without those that steer overlayfs: an image must not choose what a mount shows.</summary>
    internal static IEnumerable<KeyValuePair<string, byte[]>> Wanted(TarEntry entry) =>
        entry.Attributes is null ? [] : entry.Attributes.Where(attribute => IsWanted(attribute.Key));

    /// <summary>Whether an attribute belongs to the content, not to overlayfs.</summary>
    internal static bool IsWanted(string name) =>
        !name.StartsWith("trusted.overlay.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal)
        && name.Length is > 0 and <= 255 && !name.Contains('\0', StringComparison.Ordinal);

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
