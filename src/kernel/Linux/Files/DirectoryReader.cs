using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>What the kernel tells of an entry without a stat.</summary>
public enum EntryKind : byte
{
    /// <summary>The file system does not say; use stat.</summary>
    Unknown = 0,
    /// <summary>A fifo.</summary>
    Fifo = 1,
    /// <summary>A character device.</summary>
    CharacterDevice = 2,
    /// <summary>A directory.</summary>
    Directory = 4,
    /// <summary>A block device.</summary>
    BlockDevice = 6,
    /// <summary>A regular file.</summary>
    Regular = 8,
    /// <summary>A symbolic link.</summary>
    Symlink = 10,
    /// <summary>A socket.</summary>
    Socket = 12,
}

/// <summary>One entry of a directory.</summary>
/// <param name="Name">Its name, see <see cref="PathText"/>.</param>
/// <param name="Kind">Its kind, if the file system tells.</param>
/// <param name="Ino">Its inode number.</param>
public readonly record struct DirEntry(string Name, EntryKind Kind, ulong Ino);

/// <summary>getdents64(2).</summary>
internal static class DirectoryReader
{
    private const int BufferSize = 32768;
    private const int NameOffset = 19;

    /// <summary>Yields the entries but "." and ".." in the file system's order and closes the directory at the end.</summary>
    internal static IEnumerable<DirEntry> Read(SafeFileHandle dir)
    {
        using (dir)
        {
            var buffer = new byte[BufferSize];
            while (true)
            {
                var length = FileCalls.ReadEntries(dir, buffer, BufferSize);
                LinuxException.Check(length, "getdents64");
                if (length == 0)
                {
                    yield break;
                }

                for (var at = 0; at < (int)length;)
                {
                    var (entry, next) = Parse(buffer, at);
                    at = next;
                    if (entry.Name is not ("." or ".."))
                    {
                        yield return entry;
                    }
                }
            }
        }
    }

    // struct linux_dirent64: ino u64, off u64, reclen u16, type u8, name[] with NUL.
    private static (DirEntry Entry, int Next) Parse(byte[] buffer, int at)
    {
        var record = buffer.AsSpan(at);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(record[16..]);
        var name = record[NameOffset..length];
        name = name[..name.IndexOf((byte)0)];
        return (new DirEntry(PathText.Decode(name), (EntryKind)record[18], BinaryPrimitives.ReadUInt64LittleEndian(record)), at + length);
    }
}
