using System.Globalization;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary>
/// The files of one container's log: <c>container.log</c> that conmon writes, and older ones with <c>.1</c>, <c>.2</c>… behind, the oldest
/// with the highest number, perhaps compressed (<c>.gz</c>). Readers hold files open and find the next one by what the file is, not by its
/// name, so rotation never confuses them.
/// </summary>
/// <param name="path">The file that conmon writes.</param>
internal sealed class LogFiles(string path)
{
    // Names move only under this lock. One for all containers: what it covers are a few renames or stats.
    private static readonly Lock Names = new();

    /// <summary>The file that conmon writes.</summary>
    internal string Path => path;

    /// <summary>The directory of all files.</summary>
    internal string Directory => System.IO.Path.GetDirectoryName(path)!;

    /// <summary>All files, the newest first. The caller disposes them.</summary>
    internal List<LogFile> OpenAll()
    {
        lock (Names)
        {
            List<LogFile> files = [];
            if (LogFile.TryOpen(path) is { } current)
            {
                files.Add(current);
            }

            foreach (var (_, name) in Rotated())
            {
                if (LogFile.TryOpen(name) is { } file)
                {
                    files.Add(file);
                }
            }

            return files;
        }
    }

    /// <summary>
    /// The file that was begun after this one, or null when there is none yet. Once there is, conmon writes to this one no more.
    /// </summary>
    internal LogFile? OpenAfter(LogFile file)
    {
        lock (Names)
        {
            if (FileStat.OfPath(path) is { } current && current.Ino == file.Inode)
            {
                return null;
            }

            string? newer = path;
            foreach (var (_, name) in Rotated())
            {
                if (FileStat.OfPath(name) is { } stat && stat.Ino == file.Inode)
                {
                    return LogFile.TryOpen(newer);
                }

                newer = name;
            }

            return OpenOldestAfter(file);
        }
    }

    /// <summary>
    /// Moves every file one number up and drops what makes more than <paramref name="keep"/> files. conmon writes to the first of them until it is told to
    /// open its file anew.
    /// </summary>
    internal void Shift(int keep)
    {
        lock (Names)
        {
            foreach (var (number, name) in Enumerable.Reverse(Rotated()))
            {
                if (number > keep - 2)
                {
                    File.Delete(name);
                }
                else
                {
                    File.Move(name, Numbered(number + 1) + (IsCompressed(name) ? ".gz" : ""), overwrite: true);
                }
            }

            File.Move(path, Numbered(1), overwrite: true);
        }
    }

    /// <summary>Deletes rotated files with a number above <paramref name="keep"/>.</summary>
    internal void Trim(int keep)
    {
        lock (Names)
        {
            foreach (var (_, name) in Rotated().Where(r => r.Number > keep))
            {
                File.Delete(name);
            }
        }
    }

    /// <summary>Rotated files that are not compressed, the oldest first, opened. The caller disposes them.</summary>
    internal List<LogFile> OpenUncompressed()
    {
        lock (Names)
        {
            return [.. Enumerable.Reverse(Rotated()).Where(r => !IsCompressed(r.Name)).Select(r => LogFile.TryOpen(r.Name)).OfType<LogFile>()];
        }
    }

    /// <summary>Puts a compressed copy in the place of a rotated file, wherever that has moved meanwhile.</summary>
    /// <returns>False when the file has been dropped.</returns>
    internal bool Replace(ulong inode, string compressed)
    {
        lock (Names)
        {
            foreach (var (number, name) in Rotated())
            {
                if (FileStat.OfPath(name) is { } stat && stat.Ino == inode)
                {
                    File.Move(compressed, Numbered(number) + ".gz", overwrite: true);
                    File.Delete(name);
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Path of the rotated file with that number.</summary>
    internal string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    // A file that is no longer found by its inode was dropped or compressed: the next is the first that begins after it.
    private LogFile? OpenOldestAfter(LogFile file)
    {
        foreach (var (_, name) in Enumerable.Reverse(Rotated()))
        {
            var candidate = LogFile.TryOpen(name);
            if (candidate is not null && candidate.FirstTime() > file.LastTime)
            {
                return candidate;
            }

            candidate?.Dispose();
        }

        return LogFile.TryOpen(path);
    }

    private List<(int Number, string Name)> Rotated()
    {
        List<(int, string)> found = [];
        if (!System.IO.Directory.Exists(Directory))
        {
            return found;
        }

        // Not by a pattern: "name.*" would find "name" too.
        foreach (var name in System.IO.Directory.EnumerateFiles(Directory).Where(n => n.StartsWith(path + ".", StringComparison.Ordinal)))
        {
            var number = name.AsSpan(path.Length + 1);
            number = IsCompressed(name) ? number[..^3] : number;
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
            {
                found.Add((n, name));
            }
        }

        found.Sort();
        return found;
    }

    private static bool IsCompressed(string name) => name.EndsWith(".gz", StringComparison.Ordinal);
}
