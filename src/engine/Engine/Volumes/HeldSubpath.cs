using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>A path inside a volume or image, whose content others control: resolved inside it and then held by a bind mount.</summary>
internal static class HeldSubpath
{
    /// <summary>Binds the path to a new mount point.</summary>
    /// <param name="directory">Where the volume or image is mounted.</param>
    /// <param name="subpath">Relative path inside it.</param>
    /// <param name="target">The mount point to make, in a directory of the container's own.</param>
    /// <returns><paramref name="target"/>.</returns>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when nothing is there.</exception>
    internal static string Bind(string directory, string subpath, string target)
    {
        try
        {
            using var root = SafePath.Open(directory);
            using var found = root.OpenPath(subpath);
            MakeMountPoint(target, FileStat.Of(found).IsDirectory);
            Mounts.Bind(Descriptors.PathOf(found), target, recursive: true, readOnly: false);
            return target;
        }
        catch (LinuxException e)
        {
            throw EngineException.Invalid($"cannot access path {Path.Combine(directory, subpath)}: {LinuxException.Describe(e.Errno)}", e);
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
