using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">Its exit code, or 128 + the signal that ended it.</param>
/// <param name="Signal">That signal, or 0.</param>
public readonly record struct SpawnResult(int ExitCode, int Signal);

/// <summary>
/// Starts programs with posix_spawn(3). A child gets only the descriptors it is given (others of this process are close-on-exec),
/// /dev/null for those of 0–2 that it is not given, an empty signal mask and default signal actions. Every child must be waited for.
/// </summary>
public static partial class Spawn
{
    private const int KilledBySignal = 2;
    private const int DumpedCore = 3;
    private const int DuplicateCloseOnExec = 1030;

    /// <summary>Starts a program and returns its process number.</summary>
    /// <param name="file">Path of the program; PATH is not searched (<see cref="FindExecutable"/> does).</param>
    /// <param name="argv">All arguments, the program's own name first.</param>
    /// <param name="env">The whole environment as NAME=value.</param>
    /// <param name="fds">What the child has open, under which numbers.</param>
    /// <param name="cwd">Its working directory, or null for ours.</param>
    /// <param name="newSession">Makes it the leader of a session of its own, away from our terminal and process group.</param>
    /// <exception cref="LinuxException">ENOENT, EACCES, ENOEXEC… of the program, ENOENT of the directory.</exception>
    public static unsafe int Start(
        string file,
        IReadOnlyList<string> argv,
        IReadOnlyList<string> env,
        IReadOnlyList<(SafeFileHandle fd, int childFd)> fds,
        string? cwd = null,
        bool newSession = false)
    {
        var held = new List<SafeFileHandle>();
        ProcessCalls.InitActions(out var actions);
        ProcessCalls.InitAttributes(out var attributes);
        var arguments = Strings(argv);
        var environment = Strings(env);
        try
        {
            AddDescriptors(ref actions, fds, held);
            if (cwd is not null)
            {
                ProcessCalls.AddChangeDirectory(ref actions, PathText.Terminated(cwd));
            }

            SetSignals(ref attributes, newSession);
            var error = ProcessCalls.Spawn(out var pid, PathText.Terminated(file), ref actions, ref attributes, arguments, environment);
            return error == 0 ? pid : throw new LinuxException("posix_spawn", file, error);
        }
        finally
        {
            Free(arguments);
            Free(environment);
            ProcessCalls.DestroyActions(ref actions);
            ProcessCalls.DestroyAttributes(ref attributes);
            held.ForEach(h => h.Dispose());
        }
    }

    /// <summary>Waits until the child has ended. Blocks the thread; ECHILD when it is no child or has been waited for.</summary>
    public static SpawnResult Wait(int pid)
    {
        while (true)
        {
            if (ProcessCalls.Wait(ProcessCalls.WaitByPid, (uint)pid, out var info, ProcessCalls.WaitExited) == 0)
            {
                return info.Code is KilledBySignal or DumpedCore ? new SpawnResult(128 + info.Status, info.Status) : new SpawnResult(info.Status, 0);
            }

            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                throw LinuxException.Last("waitid", pid.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Waits for a child without a thread and returns its exit code, or 128 + the signal that ended it.</summary>
    public static async Task<int> WaitAsync(int pid, ProcessWatch watch)
    {
        using (var process = Pidfd.Open(pid) ?? throw new LinuxException("pidfd_open", pid.ToString(CultureInfo.InvariantCulture), Errno.NoProcess))
        {
            await watch.WaitForExit(process).ConfigureAwait(false);
        }

        return Wait(pid).ExitCode;
    }

    /// <summary>The path of a program: as it is when it has a slash, else looked for in PATH and the usual system directories; null when not there.</summary>
    public static string? FindExecutable(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return IsExecutable(name) ? name : null;
        }

        var path = Environment.GetEnvironmentVariable("PATH") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(d => Path.Combine(d, name)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        FileStat.OfPath(path) is { IsRegular: true } stat
        && (stat.Permissions & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static void AddDescriptors(
        ref ProcessCalls.FileActions actions, IReadOnlyList<(SafeFileHandle fd, int childFd)> fds, List<SafeFileHandle> held)
    {
        // Sources move above all targets first, so that no target overwrites a source that is still needed.
        var above = Math.Max(2, fds.Count == 0 ? 0 : fds.Max(f => f.childFd)) + 1;
        foreach (var (fd, childFd) in fds)
        {
            var copy = Descriptors.Own(FileCalls.Control(fd, DuplicateCloseOnExec, above), "fcntl");
            held.Add(copy);
            ProcessCalls.AddDuplicate(ref actions, (int)copy.DangerousGetHandle(), childFd);
        }

        for (var standard = 0; standard <= 2; standard++)
        {
            if (!fds.Any(f => f.childFd == standard))
            {
                ProcessCalls.AddOpen(ref actions, standard, "/dev/null\0"u8.ToArray(), FileCalls.ReadWrite, 0);
            }
        }
    }

    private static unsafe void SetSignals(ref ProcessCalls.SpawnAttributes attributes, bool newSession)
    {
        ProcessCalls.EmptySet(out var none);
        // sigfillset(3) leaves out the two signals of the C library, which the child would then ignore.
        ProcessCalls.SignalSet all;
        new Span<byte>(&all, sizeof(ProcessCalls.SignalSet)).Fill(0xff);
        ProcessCalls.SetMask(ref attributes, in none);
        ProcessCalls.SetDefault(ref attributes, in all);
        ProcessCalls.SetFlags(
            ref attributes,
            (short)(ProcessCalls.SpawnSetSignalMask | ProcessCalls.SpawnSetSignalDefault | (newSession ? ProcessCalls.SpawnSetSession : 0)));
    }

    private static unsafe byte** Strings(IReadOnlyList<string> texts)
    {
        var raw = texts.Select(PathText.Terminated).ToList();
        var list = (byte**)NativeMemory.AllocZeroed((nuint)(raw.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < raw.Count; i++)
        {
            list[i] = (byte*)NativeMemory.Alloc((nuint)raw[i].Length);
            raw[i].CopyTo(new Span<byte>(list[i], raw[i].Length));
        }

        return list;
    }

    private static unsafe void Free(byte** list)
    {
        for (var each = list; *each != null; each++)
        {
            NativeMemory.Free(*each);
        }

        NativeMemory.Free(list);
    }
}
