using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>A path inside a volume, whose content a container controls: resolved inside the volume and then held by a bind mount.</summary>
internal static class VolumeSubpath
{
    /// <summary>Binds the path to a new mount point.</summary>
    /// <param name="volume">The volume, mounted.</param>
    /// <param name="subpath">Relative path inside it.</param>
    /// <param name="target">The mount point to make, in a directory of the container's own.</param>
    /// <returns><paramref name="target"/>.</returns>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when nothing is there.</exception>
    internal static string Hold(Volume volume, string subpath, string target)
    {
        try
        {
            using var root = SafePath.Open(volume.Mountpoint);
            using var found = root.OpenPath(subpath);
            MakeMountPoint(target, FileStat.Of(found).IsDirectory);
            Mounts.Bind(Descriptors.PathOf(found), target, recursive: true, readOnly: false);
            return target;
        }
        catch (LinuxException e)
        {
            throw EngineException.Invalid($"cannot access path {Path.Combine(volume.Mountpoint, subpath)}: {LinuxException.Describe(e.Errno)}", e);
        }
    }

    private static void MakeMountPoint(string target, bool directory)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        if (directory)
        {
            Directory.CreateDirectory(target);
        }
        else
        {
            File.Create(target).Dispose();
        }
    }
}
