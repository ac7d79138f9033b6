using System.Diagnostics;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Fixture;

/// <summary>The distribution's dockerd on roots of its own and without networks, to compare with.</summary>
internal sealed class StockDocker : IAsyncDisposable
{
    private const string Program = "/usr/sbin/dockerd";

    private readonly Process _process;
    private readonly Scratch _scratch;

    private StockDocker(Process process, Scratch scratch, string root) => (_process, _scratch, Socket) = (process, scratch, Path.Combine(root, "docker.sock"));

    /// <summary>Whether it is the version that differences were reviewed for.</summary>
    internal static bool IsInstalled => File.Exists(Program) && Tool.Run(Program, "--version").Contains("version 20.10.", StringComparison.Ordinal);

    /// <summary>Its socket.</summary>
    internal string Socket { get; }

    /// <summary>Starts it; everything that it makes lies in the corner of the machine given.</summary>
    internal static async Task<StockDocker> StartAsync(Scratch scratch)
    {
        var root = Directory.CreateDirectory(Path.Combine(scratch.Root, "dockerd")).FullName;
        var start = new ProcessStartInfo(Program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[
            "--data-root", root + "/data", "--exec-root", root + "/run", "--pidfile", root + "/pid", "-H", $"unix://{root}/docker.sock", "--cgroup-parent", scratch.CgroupName("dockerd"),
            "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var docker = new StockDocker(process, scratch, root);
        await Wait.UntilAsync("dockerd answers", () => Tool.Try(EngineRoom.DockerProgram, "-H", "unix://" + docker.Socket, "version").Code == 0, 30);
        return docker;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Tool.Run("kill", "-TERM", $"{_process.Id}");
        await _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
        _process.Dispose();
        Scratch.RemoveCgroups(_scratch.CgroupName("dockerd"));
    }
}
