using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>What a file system is told about how a directory will be used. Hints: a file system that knows none is left as it is.</summary>
public static class DirectoryHints
{
    // linux/fs.h: the same on x86_64 and arm64.
    private const ulong GetFlags = 0x80086601;
    private const ulong SetFlags = 0x40086602;
    private const long TopDirectory = 0x20000;

    /// <summary>
    /// Says that subdirectories of a directory are unrelated (chattr(1), attribute T): ext4 then spreads them over the device instead of putting
    /// their inodes beside each other. A large tree that is made right after another one was deleted is written many times faster so: without
    /// a journal, ext4 steps over every inode that was freed within the last minutes, for each one it hands out.
    /// </summary>
    public static void SpreadChildren(string directory)
    {
        using var handle = Descriptors.Own(
            FileCalls.Open(PathText.Terminated(directory), FileCalls.ReadOnly | FileCalls.DirectoryOnly | FileCalls.CloseOnExec, 0), "open", directory);
        if (FileCalls.GetAttributeFlags(handle, GetFlags, out var flags) == 0 && (flags & TopDirectory) == 0)
        {
            flags |= TopDirectory;
            _ = FileCalls.SetAttributeFlags(handle, SetFlags, in flags);
        }
    }
}
