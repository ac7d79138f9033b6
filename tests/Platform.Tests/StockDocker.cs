using System.Diagnostics;
using System.Globalization;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The distribution's dockerd with networks, in a network namespace of its own so that its firewall rules stay there.</summary>
internal sealed class StockDocker : IAsyncDisposable
{
    private const string Program = "/usr/sbin/dockerd";

    private readonly string _namespace = string.Create(CultureInfo.InvariantCulture, $"slipway-stock-{Environment.ProcessId}");
    private readonly string _root;
    private Process? _process;

    internal StockDocker(string root) => _root = Directory.CreateDirectory(Path.Combine(root, "stock")).FullName;

    /// <summary>Whether there is one.</summary>
    internal static bool IsInstalled => File.Exists(Program);

    /// <summary>Its address.</summary>
    internal string Address => $"unix://{_root}/docker.sock";

    internal async Task StartAsync()
    {
        Tool.Run("ip", "netns", "add", _namespace);
        Tool.Run("ip", "-n", _namespace, "link", "set", "lo", "up");
        var start = new ProcessStartInfo("nsenter") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[$"--net=/run/netns/{_namespace}", Program, "--data-root", _root + "/data", "--exec-root", _root + "/run", "--pidfile", _root + "/pid", "-H", Address, "--cgroup-parent", "/" + _namespace, "--bip", "10.251.16.1/20"])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Wait.UntilAsync("dockerd answers", () => Client("version").Code == 0, 30);
    }

    /// <summary>Runs the client on it.</summary>
    internal (int Code, string Output, string Error) Client(params string[] arguments) => Tool.Try(Path.Combine(PlatformRoom.Out, "slipway"), ["-H", Address, .. arguments]);

    /// <summary>What its machine's port 8081 answers for a host.</summary>
    internal string Get(string host) => Tool.Try("nsenter", $"--net=/run/netns/{_namespace}", "curl", "-s", "--noproxy", "*", "-H", "Host: " + host, "http://127.0.0.1:8081/").Output;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var containers = Client("ps", "-aq").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (containers.Length > 0)
        {
            Client(["rm", "-f", .. containers]);
        }

        if (_process is not null)
        {
            Tool.Run("kill", "-TERM", $"{_process.Id}");
            await _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
            _process.Dispose();
        }

        Tool.Try("ip", "netns", "del", _namespace);
        Scratch.RemoveCgroups("/" + _namespace);
    }
}
