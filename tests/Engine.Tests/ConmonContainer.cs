using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Linux;

namespace Slipway.Engine.Tests;

/// <summary>A real container of busybox under conmon and runc, without an engine; removed at the end of the test.</summary>
public sealed class ConmonContainer : IAsyncDisposable
{
    private const string Runtime = "/usr/sbin/runc";
    private static readonly string[] Applets = ["sh", "cat", "echo", "sleep", "head", "dd", "seq", "true", "tail", "wc", "tr", "yes", "printf", "stty", "usleep"];
    private readonly string _root;
    private int _conmon;

    private ConmonContainer(string root, string id)
    {
        _root = root;
        Id = id;
    }

    public string Id { get; }

    public ProcessWatch Watch { get; } = new();

    public string Bundle => Path.Combine(_root, "bundle");

    public string LogPath => Path.Combine(_root, "log", "container.log");

    public string Scratch => Path.Combine(_root, "scratch");

    public int Pid => int.Parse(File.ReadAllText(Path.Combine(Bundle, "pid")), CultureInfo.InvariantCulture);

    public bool IsRunning => Directory.Exists($"/proc/{_conmon}") && !File.Exists(Path.Combine(_root, "exits", Id));

    private string RuntimeState => Path.Combine(_root, "runc");

    /// <summary>Creates a container that runs a shell script; it does not run yet.</summary>
    public static async Task<ConmonContainer> CreateAsync(string script, bool terminal = false, bool stdin = false, bool leaveStdinOpen = false, bool log = true)
    {
        var id = "slipwaytest" + Guid.NewGuid().ToString("N")[..12];
        var container = new ConmonContainer(Path.Combine(Path.GetTempPath(), id), id);
        container.MakeBundle(script, terminal);
        List<string> arguments =
        [
            "--api-version", "1", "-c", id, "-u", id, "-r", Runtime, "-b", container.Bundle, "-p", container.Bundle + "/pid",
            "-P", container.Bundle + "/conmon.pid", "--exit-dir", container._root + "/exits", "--full-attach", "--no-sync-log",
            "--runtime-arg", "--root", "--runtime-arg", container.RuntimeState, "-l", log ? "k8s-file:" + container.LogPath : "none",
        ];
        arguments.AddRange(terminal ? ["-t"] : []);
        arguments.AddRange(stdin ? ["-i"] : []);
        arguments.AddRange(leaveStdinOpen ? ["--leave-stdin-open"] : []);
        await RunAsync("/usr/bin/conmon", arguments);
        for (var i = 0; !File.Exists(Path.Combine(container.RuntimeState, id, "exec.fifo")) || !File.Exists(container.Bundle + "/pid"); i++)
        {
            Assert.True(i < 2000, "conmon did not create the container");
            await Pause(5);
        }

        container._conmon = int.Parse(await File.ReadAllTextAsync(container.Bundle + "/conmon.pid"), CultureInfo.InvariantCulture);
        return container;
    }

    public Task StartAsync() => RunAsync(Runtime, ["--root", RuntimeState, "start", Id]);

    public async Task EndAsync()
    {
        for (var i = 0; Directory.Exists($"/proc/{_conmon}"); i++)
        {
            Assert.True(i < 6000, "the container did not end");
            await Pause(5);
        }
    }

    public Task EndTask() => EndAsync();

    public async ValueTask DisposeAsync()
    {
        await RunAsync(Runtime, ["--root", RuntimeState, "delete", "-f", Id]);
        await EndAsync();
        Watch.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    public static Task Pause(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);

    private static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        // As the engine starts conmon; without it, conmon may crash when clients leave.
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, Environment = { ["MALLOC_TRIM_THRESHOLD_"] = "1073741824" } };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
    }

    private void MakeBundle(string script, bool terminal)
    {
        var bin = Path.Combine(_root, "rootfs", "bin");
        foreach (var directory in (string[])[bin, Bundle, Scratch, _root + "/rootfs/proc", _root + "/rootfs/dev", _root + "/rootfs/sys", _root + "/exits", _root + "/log"])
        {
            Directory.CreateDirectory(directory);
        }

        File.Copy("/bin/busybox", bin + "/busybox");
        foreach (var applet in Applets)
        {
            File.CreateSymbolicLink(Path.Combine(bin, applet), "busybox");
        }

        Process.Start(new ProcessStartInfo(Runtime, ["spec", "-b", Bundle]))!.WaitForExit();
        var config = JsonNode.Parse(File.ReadAllText(Bundle + "/config.json"))!;
        config["root"]!["path"] = _root + "/rootfs";
        config["process"]!["terminal"] = terminal;
        config["process"]!["args"] = new JsonArray("sh", "-c", script);
        config["linux"]!["cgroupsPath"] = "/slipway-test/" + Id;
        File.WriteAllText(Bundle + "/config.json", config.ToJsonString());
    }
}
