using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary>How much disk a directory tree takes.</summary>
internal static class DiskUsage
{
    /// <summary>Bytes in the regular files below a directory, links counted once; 0 when it does not exist. Crosses no symbolic link.</summary>
    internal static long Of(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return 0;
        }

        using var root = SafePath.Open(directory);
        var seen = new HashSet<ulong>();
        var pending = new Stack<string>(["/"]);
        var total = 0L;
        while (pending.TryPop(out var path))
        {
            foreach (var entry in List(root, path))
            {
                var child = path == "/" ? "/" + entry.Name : path + "/" + entry.Name;
                if (root.Stat(child) is not { } stat)
                {
                    continue;
                }

                if (stat.IsDirectory)
                {
                    pending.Push(child);
                }
                else if (stat.IsRegular && (stat.NLink < 2 || seen.Add(stat.Ino)))
                {
                    total += stat.Size;
                }
            }
        }

        return total;
    }

    // A tree that is in use changes while it is read: what has gone takes no room.
    private static List<DirEntry> List(SafePath root, string path)
    {
        try
        {
            return [.. root.ReadDirectory(path)];
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            return [];
        }
    }
}
