using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>inotify(7) mask bits.</summary>
[Flags]
public enum InotifyMask : uint
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>IN_MODIFY</summary>
    Modify = 0x2,
    /// <summary>IN_ATTRIB</summary>
    Attributes = 0x4,
    /// <summary>IN_CLOSE_WRITE</summary>
    CloseWrite = 0x8,
    /// <summary>IN_MOVED_FROM</summary>
    MovedFrom = 0x40,
    /// <summary>IN_MOVED_TO</summary>
    MovedTo = 0x80,
    /// <summary>IN_CREATE</summary>
    Create = 0x100,
    /// <summary>IN_DELETE</summary>
    Delete = 0x200,
    /// <summary>IN_DELETE_SELF</summary>
    DeleteSelf = 0x400,
    /// <summary>IN_MOVE_SELF</summary>
    MoveSelf = 0x800,
    /// <summary>IN_Q_OVERFLOW: events were lost; look again at everything. Told to every watch.</summary>
    Overflow = 0x4000,
    /// <summary>IN_IGNORED: the watch has ended.</summary>
    Ignored = 0x8000,
}

/// <summary>One event.</summary>
/// <param name="Mask">What happened.</param>
/// <param name="Name">The entry of a watched directory, or empty.</param>
public readonly record struct InotifyEvent(InotifyMask Mask, string Name);

/// <summary>Watches files and directories; callbacks come one at a time on the thread pool.</summary>
public sealed class Inotify : IDisposable
{
    private const int BufferSize = 16384;
    private const int HeaderSize = 16;

    private readonly Lock gate = new();
    private readonly Dictionary<int, Action<InotifyEvent>> watches = [];
    private readonly SafeFileHandle inotify = Descriptors.Own(PollCalls.CreateInotify(PollCalls.CloseOnExec | PollCalls.NonBlocking), "inotify_init1");
    private readonly IDisposable reading;
    private readonly byte[] buffer = new byte[BufferSize];
    private bool disposed;

    /// <summary>Reads events whenever the watch thread says so.</summary>
    public Inotify(ProcessWatch watch) => reading = watch.OnReadable(inotify, Read, oneShot: false);

    /// <summary>Watches a path; disposing the result ends it. A path that is watched already gets the new mask and callback.</summary>
    public IDisposable Watch(string path, InotifyMask mask, Action<InotifyEvent> callback)
    {
        lock (gate)
        {
            var id = PollCalls.AddWatch(inotify, PathText.Terminated(path), (uint)mask);
            LinuxException.Check(id, "inotify_add_watch", path);
            watches[id] = callback;
            return new Ending(this, id);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        reading.Dispose();
        lock (gate)
        {
            disposed = true;
            inotify.Dispose();
        }
    }

    private void Read()
    {
        int length;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            length = (int)FileCalls.Read(inotify, buffer, BufferSize);
            if (length < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno is Errno.Again or Errno.Interrupted)
                {
                    return;
                }

                throw new LinuxException("read", "inotify", errno);
            }
        }

        for (var at = 0; at < length;)
        {
            at = Deliver(at);
        }
    }

    // struct inotify_event: wd i32, mask u32, cookie u32, len u32, name[len].
    private int Deliver(int at)
    {
        var record = buffer.AsSpan(at);
        var id = BinaryPrimitives.ReadInt32LittleEndian(record);
        var mask = (InotifyMask)BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
        var nameLength = BinaryPrimitives.ReadInt32LittleEndian(record[12..]);
        var name = record.Slice(HeaderSize, nameLength);
        var end = name.IndexOf((byte)0);
        var happened = new InotifyEvent(mask, PathText.Decode(end < 0 ? name : name[..end]));
        List<Action<InotifyEvent>> told;
        lock (gate)
        {
            told = mask.HasFlag(InotifyMask.Overflow) ? [.. watches.Values] : watches.TryGetValue(id, out var one) ? [one] : [];
            if (mask.HasFlag(InotifyMask.Ignored))
            {
                watches.Remove(id);
            }
        }

        told.ForEach(callback => callback(happened));
        return at + HeaderSize + nameLength;
    }

    private sealed class Ending(Inotify owner, int id) : IDisposable
    {
        public void Dispose()
        {
            lock (owner.gate)
            {
                if (!owner.disposed && owner.watches.Remove(id))
                {
                    PollCalls.RemoveWatch(owner.inotify, id);
                }
            }
        }
    }
}
