using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// A mount namespace of its own on a thread of its own. What is mounted in <see cref="Run{T}"/> is never seen outside; host mounts that come or
/// go are followed (slave). Descriptors opened there work on every thread, also after the namespace has ended.
/// </summary>
public sealed class MountNamespace : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    /// <summary>Starts the thread and enters the new namespace; EPERM without CAP_SYS_ADMIN.</summary>
    public MountNamespace()
    {
        thread = new Thread(Serve) { IsBackground = true, Name = "mount namespace" };
        thread.Start();
        try
        {
            Run(Enter);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The root mount of the namespace that a process lives in, alone: what is mounted on top of it inside is not seen (open_tree(2)). The
    /// descriptor keeps the mount after the process has ended. ESRCH when it has ended already.
    /// </summary>
    public static SafeFileHandle OpenRootMount(Pidfd process) => DedicatedThread.Run("mount namespace", () =>
    {
        LinuxException.Check(ProcessCalls.Unshare(ProcessCalls.CloneFs), "unshare");
        LinuxException.Check(ProcessCalls.SetNamespace(process.Handle, ProcessCalls.CloneNewMount), "setns");
        const long workingDirectory = -100;
        var root = MountCalls.OpenTree(MountCalls.OpenTreeNumber, workingDirectory, PathText.Terminated("/"), MountCalls.CloneTree | MountCalls.CloseOnExec);
        return Descriptors.Own((int)root, "open_tree", "/");
    });

    /// <summary>Runs the function inside the namespace and waits for it; its exception comes through.</summary>
    public T Run<T>(Func<T> function)
    {
        if (Thread.CurrentThread == thread)
        {
            return function();
        }

        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs the action inside the namespace and waits for it.</summary>
    public void Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Ends the thread; the namespace's mounts end with it unless a descriptor still holds them.</summary>
    public void Dispose()
    {
        if (!work.IsAddingCompleted)
        {
            work.CompleteAdding();
            thread.Join();
            work.Dispose();
        }
    }

    private static void Enter()
    {
        LinuxException.Check(ProcessCalls.Unshare(ProcessCalls.CloneNewMount | ProcessCalls.CloneFs), "unshare");
        Mounts.MakeSlave("/");
    }

    private void Serve()
    {
        foreach (var item in work.GetConsumingEnumerable())
        {
            item();
        }
    }
}
