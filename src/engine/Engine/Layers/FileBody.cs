using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Content of files on its way from an archive to the disk, holes kept.</summary>
internal static class FileBody
{
    // From this size on a file is worth a call that starts its way to the device; the small ones go with the flush at the end.
    private const long Large = 512 << 10;

    internal static void Write(TarInput tar, SafeFileHandle file, TarEntry entry, CancellationToken cancel)
    {
        if (entry.Extents is null)
        {
            Copy(tar, file, 0, tar.Remaining, cancel);
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

    private static void Copy(TarInput tar, SafeFileHandle file, long offset, long length, CancellationToken cancel)
    {
        for (var end = offset + length; offset < end;)
        {
            var part = tar.Take((int)Math.Min(int.MaxValue, end - offset));
            RandomAccess.Write(file, part, offset);
            offset += part.Length;
            cancel.ThrowIfCancellationRequested();
        }
    }
}
