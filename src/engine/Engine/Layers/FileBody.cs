using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Content of files on its way from an archive to the disk, holes kept.</summary>
internal static class FileBody
{
    // From this size on a file is worth a call that starts its way to the device; the small ones go with the flush at the end.
    private const long Large = 512 << 10;

    /// <summary>Writes an entry's content.</summary>
    /// <param name="tar">Stands at the content.</param>
    /// <param name="file">Open for writing, empty.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="cancel">Stops between two pieces.</param>
    /// <param name="hash">Takes in the content of a file without holes; null for none.</param>
    internal static void Write(TarInput tar, SafeFileHandle file, TarEntry entry, CancellationToken cancel, IncrementalHash? hash = null)
    {
        if (entry.Extents is null)
        {
            Copy(tar, file, 0, tar.Remaining, cancel, hash);
            if (entry.Size >= Large)
            {
                DurableFile.BeginWriteback(file, 0, 0);
            }

            return;
        }

        foreach (var (offset, length) in entry.Extents)
        {
            Copy(tar, file, offset, length, cancel);
        }

        RandomAccess.SetLength(file, entry.Size);
    }

    private static void Copy(TarInput tar, SafeFileHandle file, long offset, long length, CancellationToken cancel, IncrementalHash? hash = null)
    {
        for (var end = offset + length; offset < end;)
        {
            var part = tar.TakePages(offset, end - offset);
            RandomAccess.Write(file, part, offset);
            hash?.AppendData(part);
            offset += part.Length;
            cancel.ThrowIfCancellationRequested();
        }
    }
}
