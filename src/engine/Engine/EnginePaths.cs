using Slipway.Linux;

namespace Slipway.Engine;

/// <summary>
/// The only place that knows where the engine keeps things. The data root survives a reboot; the exec root (a tmpfs) holds what
/// belongs to running processes and is meaningless after one.
/// </summary>
/// <param name="dataRoot">Absolute path of the persistent root (0711), <c>/var/lib/slipway</c> by default.</param>
/// <param name="execRoot">Absolute path of the run-time root (0711), <c>/run/slipway</c> by default.</param>
public sealed class EnginePaths(string dataRoot, string execRoot)
{
    /// <summary>The persistent root.</summary>
    public string DataRoot { get; } = dataRoot;

    /// <summary>The run-time root.</summary>
    public string ExecRoot { get; } = execRoot;

    /// <summary>The SQLite database that says what exists.</summary>
    public string StateDatabase => Path.Combine(DataRoot, "state.db");

    /// <summary>The OCI image layout with every blob.</summary>
    public string Content => Path.Combine(DataRoot, "content");

    /// <summary>Unpacked layers, one directory each.</summary>
    public string Snapshots => Path.Combine(DataRoot, "snapshots");

    /// <summary>Persistent directories of containers.</summary>
    public string Containers => Path.Combine(DataRoot, "containers");

    /// <summary>Local volumes.</summary>
    public string Volumes => Path.Combine(DataRoot, "volumes");

    /// <summary>Unfinished work on the data root's filesystem; emptied at start.</summary>
    public string Staging => Path.Combine(DataRoot, "staging");

    /// <summary>Blobs that clients of our registry are sending; they go on after a restart, and are given up after a day.</summary>
    public string Uploads => Path.Combine(DataRoot, "uploads");

    /// <summary>What our registry keeps beside content: its own certificate, its audit log.</summary>
    public string Registry => Path.Combine(DataRoot, "registry");

    /// <summary>Renamed-away directories that wait for deletion; emptied in the background.</summary>
    public string Trash => Path.Combine(DataRoot, "trash");

    /// <summary>The last builds, by the hash of their ids.</summary>
    public string Builds => Path.Combine(DataRoot, "builds");

    /// <summary>The lock file that keeps a second daemon off this root.</summary>
    public string LockFile => Path.Combine(DataRoot, "slipwayd.lock");

    /// <summary>runc's own state directory (<c>runc --root</c>).</summary>
    public string RuntimeState => Path.Combine(ExecRoot, "runc");

    /// <summary>Where conmon leaves one file per ended container or exec, holding the exit code in decimal.</summary>
    public string Exits => Path.Combine(ExecRoot, "exits");

    /// <summary>The last events, for readers who come after a restart of the daemon.</summary>
    public string Events => Path.Combine(ExecRoot, "events.log");

    /// <summary>Run-time directories of containers.</summary>
    public string Bundles => Path.Combine(ExecRoot, "containers");

    /// <summary>Socket of the process that relays published ports which the kernel cannot translate.</summary>
    public string PortRelay => Path.Combine(ExecRoot, "relay.sock");

    /// <summary>The persistent directory of a container: overlay <c>upper</c> and <c>work</c>, <c>rootfs</c> mount point, logs, hosts files.</summary>
    public string Container(string id) => Path.Combine(Containers, id);

    /// <summary>The writable overlay layer of a container.</summary>
    public string Upper(string id) => Path.Combine(Containers, id, "upper");

    /// <summary>The overlay work directory of a container.</summary>
    public string Work(string id) => Path.Combine(Containers, id, "work");

    /// <summary>Where a container's root filesystem is mounted while it runs.</summary>
    public string RootFs(string id) => Path.Combine(Containers, id, "rootfs");

    /// <summary>The current log file of a container, in the CRI line format that conmon writes.</summary>
    public string Log(string id) => Path.Combine(Containers, id, "container.log");

    /// <summary>A copy of a container's record, from which it is found again when the database is lost.</summary>
    public string RecordCopy(string id) => Path.Combine(Containers, id, "record.json");

    /// <summary>The OCI bundle of a container: <c>config.json</c>, pid files, conmon's <c>ctl</c> fifo and <c>attach</c> socket.</summary>
    public string Bundle(string id) => Path.Combine(Bundles, id);

    /// <summary>The run-time directory of an exec, below its container's bundle.</summary>
    public string Exec(string containerId, string execId) => Path.Combine(Bundles, containerId, "exec", execId);

    /// <summary>Creates the roots and their directories with their modes.</summary>
    public void Create()
    {
        const UnixFileMode traversable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        const UnixFileMode closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var root in (ReadOnlySpan<string>)[DataRoot, ExecRoot])
        {
            Directory.CreateDirectory(root);
            File.SetUnixFileMode(root, traversable);
        }

        foreach (var path in (ReadOnlySpan<string>)[Content, Snapshots, Containers, Volumes, Uploads, Registry, Staging, Trash, RuntimeState, Exits, Bundles])
        {
            Directory.CreateDirectory(path);
            // Not even to be passed through: a container could leave a program with the set-user-id bit to users of the host (CVE-2021-41091).
            File.SetUnixFileMode(path, closed);
        }

        // Layers are large trees that come and go as a whole.
        foreach (var path in (ReadOnlySpan<string>)[Staging, Snapshots, Volumes])
        {
            DirectoryHints.SpreadChildren(path);
        }
    }
}
