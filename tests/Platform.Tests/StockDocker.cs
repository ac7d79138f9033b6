using System.Diagnostics;
using System.Globalization;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The distribution's dockerd with networks, in a network namespace of its own, so that its firewall rules stay there; a cable leads to it.</summary>
internal sealed class StockDocker : IAsyncDisposable
{
    private const string Program = "/usr/sbin/dockerd";
    private const string Here = "10.251.32.1";

    private readonly string _namespace = string.Create(CultureInfo.InvariantCulture, $"slipway-stock-{Environment.ProcessId}");
    private readonly string _cable = string.Create(CultureInfo.InvariantCulture, $"sst{Environment.ProcessId}");
    private readonly string _root;
    private Process? _process;

    internal StockDocker(string root)
    {
        _root = Directory.CreateDirectory(Path.Combine(root, "stock")).FullName;
        Api = new EngineClient(EngineAddress.Unix(_root + "/docker.sock"));
    }

    /// <summary>Whether there is one.</summary>
    internal static bool IsInstalled => File.Exists(Program);

    /// <summary>Address of its machine.</summary>
    internal static string Visited => "10.251.32.2";

    /// <summary>Speaks to it.</summary>
    internal EngineClient Api { get; }

    internal async Task StartAsync()
    {
        Tool.Run("ip", "netns", "add", _namespace);
        Tool.Run("ip", "link", "add", _cable, "type", "veth", "peer", "name", "cable", "netns", _namespace);
        Tool.Run("ip", "addr", "add", Here + "/30", "dev", _cable);
        Tool.Run("ip", "link", "set", _cable, "up");
        Tool.Run("ip", "-n", _namespace, "addr", "add", Visited + "/30", "dev", "cable");
        Tool.Run("ip", "-n", _namespace, "link", "set", "cable", "up");
        Tool.Run("ip", "-n", _namespace, "link", "set", "lo", "up");
        var start = new ProcessStartInfo("nsenter") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[$"--net=/run/netns/{_namespace}", Program, "--data-root", _root + "/data", "--exec-root", _root + "/run", "--pidfile", _root + "/pid", "-H", "unix://" + Api.Address.SocketPath, "--cgroup-parent", "/" + _namespace, "--bip", "10.251.16.1/20"])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Wait.UntilAsync("dockerd answers", IsUpAsync, 30);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (await IsUpAsync())
            {
                var containers = await Api.ListContainersAsync(all: true);
                await Task.WhenAll(containers.Select(container => Api.RemoveContainerAsync(container.Id, force: true)));
            }

            Tool.Run("kill", "-TERM", $"{_process.Id}");
            await _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
            _process.Dispose();
        }

        Api.Dispose();
        Tool.Try("ip", "link", "del", _cable);
        Tool.Try("ip", "netns", "del", _namespace);
        Scratch.RemoveCgroups("/" + _namespace);
    }

    private async Task<bool> IsUpAsync()
    {
        try
        {
            await Api.VersionAsync();
            return true;
        }
        catch (Exception e) when (e is EngineUnreachableException or EngineApiException or IOException)
        {
            return false;
        }
    }
}
