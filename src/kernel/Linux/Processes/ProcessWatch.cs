using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Waits for any number of descriptors on one background thread (epoll(7)), started at the first use. Callbacks run on the thread pool.
/// A registration keeps its own duplicate of the descriptor, so that the caller may close his at any time.
/// </summary>
public sealed class ProcessWatch : IDisposable
{
    private const int MostEvents = 64;
    private const ulong StopKey = 0;

    // struct epoll_event is packed on x86_64 only.
    private static readonly int KeyOffset = FileCalls.IsArm ? 8 : 4;
    private static readonly int EventSize = KeyOffset + 8;

    private readonly Lock gate = new();
    private readonly Dictionary<ulong, Registration> registrations = [];
    private readonly SafeFileHandle epoll = Descriptors.Own(PollCalls.CreateEpoll(PollCalls.CloseOnExec), "epoll_create1");
    private readonly SafeFileHandle stop = Descriptors.Own(PollCalls.CreateEvent(0, PollCalls.CloseOnExec), "eventfd");
    private Thread? thread;
    private ulong lastKey;
    private bool disposed;

    /// <summary>Completes when the process has ended. The process need not be a child.</summary>
    public Task WaitForExit(Pidfd process)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnReadable(process.Handle, done.SetResult, oneShot: true);
        return done.Task;
    }

    /// <summary>Calls back when the descriptor is readable, at its end or broken. Not one-shot, it is called again as long as that holds, one call at a time.</summary>
    /// <returns>Ends the watch when disposed; a one-shot ends by itself.</returns>
    public IDisposable OnReadable(SafeFileHandle fd, Action callback, bool oneShot)
    {
        lock (gate)
        {
            return Add(fd, callback, oneShot ? Mode.Once : Mode.Always);
        }
    }

    /// <summary>Prepares to wait for a descriptor now and then.</summary>
    /// <param name="fd">The descriptor; the caller may close his once the answer is disposed.</param>
    public Readiness Watch(SafeFileHandle fd) => new(this, fd);

    /// <summary>
    /// Prepares to wait for what a socket receives. The runtime's own waiting would have it watched until it is closed, and each packet wake
    /// two threads whether or not anybody waits.
    /// </summary>
    /// <param name="socket">The socket; the caller may close it once the answer is disposed.</param>
    public Readiness Watch(Socket socket) => Watch(new SafeFileHandle(socket.Handle, ownsHandle: false));

    /// <summary>Ends the thread; waits that are pending never complete.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            FileCalls.Write(stop, [1, 0, 0, 0, 0, 0, 0, 0], 8);
        }

        thread?.Join();
        lock (gate)
        {
            registrations.Values.ToList().ForEach(Forget);
        }

        epoll.Dispose();
        stop.Dispose();
    }

    /// <summary>Has a registration of <see cref="Mode.OnDemand"/> called once more; makes it when there is none.</summary>
    internal IDisposable Demand(IDisposable? registration, SafeFileHandle fd, Action callback)
    {
        lock (gate)
        {
            if (registration is not Registration known)
            {
                return Add(fd, callback, Mode.OnDemand);
            }

            if (registrations.ContainsKey(known.Key))
            {
                Control(PollCalls.Modify, known);
            }

            return known;
        }
    }

    private Registration Add(SafeFileHandle fd, Action callback, Mode mode)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var registration = new Registration(this, ++lastKey, Descriptors.Duplicate(fd), callback, mode);
        registrations.Add(registration.Key, registration);
        try
        {
            Control(PollCalls.Add, registration);
        }
        catch
        {
            Forget(registration);
            throw;
        }

        if (thread is null)
        {
            Control(PollCalls.Add, new Registration(this, StopKey, stop, () => { }, Mode.Always));
            thread = new Thread(Run) { IsBackground = true, Name = "descriptor watch" };
            thread.Start();
        }

        return registration;
    }

    private void Run()
    {
        Span<byte> events = stackalloc byte[MostEvents * EventSize];
        while (true)
        {
            var count = PollCalls.WaitEpoll(epoll, events, MostEvents, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                throw LinuxException.Last("epoll_wait");
            }

            for (var i = 0; i < count; i++)
            {
                var key = BinaryPrimitives.ReadUInt64LittleEndian(events[((i * EventSize) + KeyOffset)..]);
                if (key == StopKey)
                {
                    return;
                }

                Dispatch(key);
            }
        }
    }

    private void Dispatch(ulong key)
    {
        Registration? found;
        lock (gate)
        {
            registrations.TryGetValue(key, out found);
            if (found is { Mode: Mode.Once })
            {
                Forget(found);
            }
        }

        if (found is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(Call, found, preferLocal: false);
        }
    }

    private void Call(Registration registration)
    {
        try
        {
            registration.Callback();
        }
        finally
        {
            lock (gate)
            {
                // EPOLLONESHOT silenced it while the callback ran.
                if (registration.Mode == Mode.Always && !disposed && registrations.ContainsKey(registration.Key))
                {
                    Control(PollCalls.Modify, registration);
                }
            }
        }
    }

    private void Control(int operation, Registration registration)
    {
        Span<byte> watched = stackalloc byte[EventSize];
        var once = registration.Key == StopKey ? 0 : PollCalls.OneShot;
        BinaryPrimitives.WriteUInt32LittleEndian(watched, PollCalls.In | once);
        BinaryPrimitives.WriteUInt64LittleEndian(watched[KeyOffset..], registration.Key);
        LinuxException.Check(PollCalls.ControlEpoll(epoll, operation, registration.File, watched), "epoll_ctl");
    }

    private void Forget(Registration registration)
    {
        if (registrations.Remove(registration.Key))
        {
            // A duplicate that lives on in a child would keep the watch alive, so closing alone is not enough.
            PollCalls.ControlEpoll(epoll, PollCalls.Delete, registration.File, stackalloc byte[EventSize]);
            registration.File.Dispose();
        }
    }

    // How often a registration calls back.
    private enum Mode
    {
        Once,
        Always,
        OnDemand,
    }

    private sealed record Registration(ProcessWatch Owner, ulong Key, SafeFileHandle File, Action Callback, Mode Mode) : IDisposable
    {
        public void Dispose()
        {
            lock (Owner.gate)
            {
                Owner.Forget(this);
            }
        }
    }
}
