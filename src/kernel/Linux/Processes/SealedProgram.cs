using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// A program kept in memory, sealed against every change (memfd_create(2), F_ADD_SEALS). runc copies itself to such a file at each start,
/// so that a container cannot overwrite it through /proc/PID/exe; started from one that is sealed already, it saves itself the copy.
/// </summary>
public sealed class SealedProgram(string path) : IDisposable
{
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int AllSeals = 0xf;

    private readonly Lock _lock = new();
    private SafeFileHandle? _file;
    private (ulong Ino, long MTimeNs) _version;

    /// <summary>
    /// A path at which other processes can execute the program while this process lives. The program's own path when it cannot be kept in
    /// memory. A program that was replaced on disk is read again.
    /// </summary>
    public string ExecutablePath
    {
        get
        {
            lock (_lock)
            {
                try
                {
                    return Current() is { } file ? $"/proc/{Environment.ProcessId}/fd/{(int)file.DangerousGetHandle()}" : path;
                }
                catch (IOException)
                {
                    return path;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private SafeFileHandle? Current()
    {
        if (FileStat.OfPath(path) is not { } stat)
        {
            return null;
        }

        if (_file is null || _version != (stat.Ino, stat.MTimeNs))
        {
            var loaded = Load(stat.Size);
            _file?.Dispose();
            (_file, _version) = (loaded, (stat.Ino, stat.MTimeNs));
        }

        return _file;
    }

    private SafeFileHandle Load(long size)
    {
        var memory = Descriptors.Own(FileCalls.CreateMemoryFile(Path.GetFileName(path), CloseOnExec | AllowSealing), "memfd_create", path);
        try
        {
            using var source = File.OpenHandle(path);
            FileCopy.CopyFileRange(source, memory, size);
            OpenFileAttributes.SetMode(memory, (UnixFileMode)0x1ed);
            LinuxException.Check(FileCalls.Control(memory, AddSeals, AllSeals), "fcntl", path);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
