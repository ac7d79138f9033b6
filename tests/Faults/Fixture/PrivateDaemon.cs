using System.Diagnostics;
using System.Text;
using Slipway.Client;

namespace Slipway.Faults.Fixture;

/// <summary>One real slipwayd on roots of its own. It can be killed, stopped and started again on the same roots.</summary>
internal sealed class PrivateDaemon : IAsyncDisposable
{
    private readonly StringBuilder _log = new();
    private readonly string[] _options;
    private Process? _process;

    internal PrivateDaemon(string dataRoot, string execRoot, string cgroupParent, params string[] options)
    {
        (DataRoot, ExecRoot, CgroupParent, _options) = (dataRoot, execRoot, cgroupParent, options);
        Api = new EngineClient(EngineAddress.Unix(Socket));
    }

    /// <summary>A command that starts the daemon's program, given to it as further arguments; empty starts it directly.</summary>
    internal IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>The persistent root.</summary>
    internal string DataRoot { get; }

    /// <summary>The run-time root.</summary>
    internal string ExecRoot { get; }

    /// <summary>The cgroup above its containers.</summary>
    internal string CgroupParent { get; }

    /// <summary>Its socket.</summary>
    internal string Socket => Path.Combine(ExecRoot, "slipway.sock");

    /// <summary>Speaks to it.</summary>
    internal EngineClient Api { get; private set; }

    /// <summary>The running daemon's process number.</summary>
    internal int Pid => _process?.Id ?? throw new InvalidOperationException("the daemon does not run");

    /// <summary>Whether it runs.</summary>
    internal bool IsRunning => _process is { HasExited: false };

    /// <summary>Sends it a signal by name.</summary>
    internal void Signal(string name) => Tool.Run("kill", "-" + name, Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Everything it has logged, over all its starts.</summary>
    internal string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Where the daemon's program is: <c>$SLIPWAY_OUT</c>, or <c>out</c> in the repository.</summary>
    internal static string Program { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("SLIPWAY_OUT") ?? Path.Combine(RepositoryRoot(), "out"), "slipwayd");

    /// <summary>Starts it and returns when it answers.</summary>
    /// <returns>How long that took.</returns>
    internal async Task<TimeSpan> StartAsync()
    {
        var watch = Stopwatch.StartNew();
        _process = Launch();
        await Wait.UntilAsync("the daemon answers; its log:\n" + Log, async () => Exited() ? throw new InvalidOperationException("slipwayd ended at once:\n" + Log) : await AnswersAsync(), 20);
        return watch.Elapsed;
    }

    /// <summary>Starts it although it will refuse; returns its exit code.</summary>
    internal async Task<int> StartAndEndAsync()
    {
        using var process = Launch();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
        return process.ExitCode;
    }

    /// <summary><c>kill -9</c>.</summary>
    internal async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            Forget();
        }
    }

    /// <summary>SIGTERM; returns when it has ended.</summary>
    internal async Task StopAsync()
    {
        Tool.Run("kill", "-TERM", $"{Pid}");
        await _process!.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(15)).Token);
        Forget();
    }

    /// <summary><c>kill -9</c> and a new start.</summary>
    internal async Task<TimeSpan> CrashAndStartAsync()
    {
        await KillAsync();
        return await StartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Api.Dispose();
    }

    internal static string RepositoryRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Slipway.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("the repository is not above " + AppContext.BaseDirectory);
        }

        return directory;
    }

    private Process Launch()
    {
        string[] command = [.. Launcher, Program];
        var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var option in (string[])[.. command.Skip(1), "--data-root", DataRoot, "--exec-root", ExecRoot, "--pidfile", Path.Combine(ExecRoot, "slipwayd.pid"), "-H", "unix://" + Socket, "--cgroup-parent", CgroupParent, "--default-address-pool", HostLeftovers.PoolOf(ExecRoot), .. _options])
        {
            start.ArgumentList.Add(option);
        }

        Directory.CreateDirectory(ExecRoot);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    private void Append(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    private bool Exited() => _process is null || _process.HasExited;

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await Api.RequestAsync("GET", "/_ping");
            return true;
        }
        catch (Exception e) when (e is EngineUnreachableException or IOException or EngineApiException)
        {
            return false;
        }
    }

    private void Forget()
    {
        _process?.Dispose();
        _process = null;
        Api.Dispose();
        Api = new EngineClient(EngineAddress.Unix(Socket));
    }
}
