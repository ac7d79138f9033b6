using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>How many bytes a volume's files have; every file once, however many names it has.</summary>
internal static class VolumeSize
{
    /// <summary>The size in bytes, or -1 when a device is mounted only while it is used or the data cannot be read.</summary>
    internal static long Of(Volume volume, CancellationToken cancel)
    {
        if (volume.HasDevice)
        {
            return -1;
        }

        try
        {
            using var root = SafePath.Open(volume.Mountpoint);
            return Sum(root, cancel);
        }
        catch (LinuxException)
        {
            return -1;
        }
    }

    // Directories wait in a list, not on the stack: their depth is the container's choice.
    private static long Sum(SafePath root, CancellationToken cancel)
    {
        var seen = new HashSet<ulong>();
        var waiting = new Stack<string>(["."]);
        var total = 0L;
        while (waiting.TryPop(out var directory))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var entry in Entries(root, directory))
            {
                var path = $"{directory}/{entry.Name}";
                if (path.Length < 4000 && root.Stat(path) is { } stat)
                {
                    total += stat.IsRegular && (stat.NLink == 1 || seen.Add(stat.Ino)) ? stat.Size : 0;
                    if (stat.IsDirectory)
                    {
                        waiting.Push(path);
                    }
                }
            }
        }

        return total;
    }

    private static List<DirEntry> Entries(SafePath root, string directory)
    {
        try
        {
            return [.. root.ReadDirectory(directory)];
        }
        catch (LinuxException gone) when (gone.IsNotFound)
        {
            return [];
        }
    }
}
