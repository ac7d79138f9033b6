using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Copies between open files inside the kernel, from both current positions on.</summary>
public static class FileCopy
{
    private const int Chunk = 1 << 30;
    private const int BufferSize = 128 * 1024;

    /// <summary>Copies up to <paramref name="length"/> bytes (sharing blocks where the file system can), else by reading and writing.</summary>
    /// <returns>The bytes copied; fewer when the source ended.</returns>
    public static long CopyFileRange(SafeFileHandle from, SafeFileHandle to, long length)
    {
        long copied = 0;
        while (copied < length)
        {
            var step = FileCalls.CopyFileRange(from, 0, to, 0, (nuint)Math.Min(Chunk, length - copied), 0);
            if (step < 0)
            {
                var failure = LinuxException.Last("copy_file_range");
                switch (failure.Errno)
                {
                    case Errno.Interrupted:
                        continue;
                    case Errno.CrossDevice or Errno.Invalid or Errno.NoSystemCall or Errno.NotSupported or Errno.BadDescriptor:
                        return copied + ByHand(from, to, length - copied);
                    default:
                        throw failure;
                }
            }

            // Files of procfs and the like say 0 although they have content.
            if (step == 0)
            {
                return copied == 0 ? ByHand(from, to, length) : copied;
            }

            copied += step;
        }

        return copied;
    }

    private static long ByHand(SafeFileHandle from, SafeFileHandle to, long length)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long copied = 0;
            while (copied < length)
            {
                var read = FileCalls.Read(from, buffer, (nuint)Math.Min(buffer.Length, length - copied));
                LinuxException.Check(read, "read");
                if (read == 0)
                {
                    break;
                }

                for (var at = 0; at < (int)read;)
                {
                    var wrote = FileCalls.Write(to, buffer.AsSpan(at, (int)read - at), (nuint)((int)read - at));
                    LinuxException.Check(wrote, "write");
                    at += (int)wrote;
                }

                copied += read;
            }

            return copied;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
