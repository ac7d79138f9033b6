namespace Slipway.Cli.Options;

/// <summary>The flags that <c>run</c> and <c>create</c> share, in groups.</summary>
internal static class RunFlags
{
    public static FlagTable Create()
    {
        FlagTable table = new();
        Process(table);
        Files(table);
        Network(table);
        Resources(table);
        BlockDevices(table);
        Isolation(table);
        Health(table);
        LifeCycle(table);
        return table;
    }

    private static void Process(FlagTable table) => table
        .List("attach", 'a', "Attach to STDIN, STDOUT or STDERR")
        .Bool("interactive", 'i', "Keep STDIN open even if nobody is attached")
        .Bool("tty", 't', "Give the process a terminal")
        .List("env", 'e', "Set a variable of the environment")
        .List("env-file", "Read variables of the environment from a file")
        .String("entrypoint", "Use another program than the image's ENTRYPOINT")
        .String("workdir", 'w', "Directory in which the process starts")
        .String("user", 'u', "User and group by name or number (<user>[:<group>])")
        .List("group-add", "Join another group as well")
        .Bool("init", "Run an init that forwards signals and reaps processes")
        .String("stop-signal", "Signal that asks the process to end")
        .Int("stop-timeout", "Seconds that the process has to end")
        .Add(new Flag("ulimit", '\0', FlagKind.List, "Limit of the process (name=soft[:hard])") { Label = "ulimit" });

    private static void Files(FlagTable table) => table
        .List("volume", 'v', "Mount a directory of the host or a volume")
        .Add(new Flag("mount", '\0', FlagKind.List, "Mount a bind, volume, tmpfs or image (key=value,…)") { Label = "mount" })
        .List("tmpfs", "Mount a temporary file system in memory")
        .List("volumes-from", "Use the volumes of other containers")
        .String("volume-driver", "Driver of volumes that are created")
        .Bool("read-only", "Mount the container's root read-only")
        .Bytes("shm-size", "Size of /dev/shm")
        .List("storage-opt", "Option of the storage driver")
        .Bool("use-api-socket", "Mount the engine's API socket into the container");

    private static void Network(FlagTable table) => table
        .Add(new Flag("network", '\0', FlagKind.List, "Join a network") { Label = "network" })
        .Add(new Flag("net", '\0', FlagKind.List, "Join a network") { Hidden = true })
        .List("network-alias", "Another name of the container in the network")
        .Add(new Flag("net-alias", '\0', FlagKind.List, "Another name of the container in the network") { Hidden = true })
        .String("ip", "IPv4 address (such as 172.30.100.104)")
        .String("ip6", "IPv6 address (such as 2001:db8::33)")
        .String("mac-address", "Ethernet address (such as 92:d0:c6:0a:29:33)")
        .List("link", "Make another container known by name")
        .List("link-local-ip", "Link-local address")
        .List("dns", "DNS server")
        .List("dns-option", "Option of the DNS resolver")
        .Add(new Flag("dns-opt", '\0', FlagKind.List, "Option of the DNS resolver") { Hidden = true })
        .List("dns-search", "Domain in which names are looked up")
        .List("add-host", "Line in /etc/hosts (host:ip)")
        .List("publish", 'p', "Publish a port on the host")
        .Bool("publish-all", 'P', "Publish every exposed port on a random one of the host")
        .List("expose", "Expose a port or a range of ports")
        .String("hostname", 'h', "Host name in the container")
        .String("domainname", "NIS domain name in the container");

    private static void Resources(FlagTable table) => table
        .Bytes("memory", 'm', "Limit of memory")
        .Bytes("memory-reservation", "Soft limit of memory")
        .Bytes("memory-swap", "Limit of memory and swap together; -1 for unlimited swap")
        .Int("memory-swappiness", "Eagerness to swap (0 to 100)", "-1")
        .Bytes("kernel-memory", "Limit of the kernel's memory")
        .Add(new Flag("cpus", '\0', FlagKind.Decimal, "Number of CPUs"))
        .Int("cpu-shares", 'c', "Weight of CPU time")
        .Int("cpu-period", "Period of the CPU limit in microseconds")
        .Int("cpu-quota", "CPU time per period in microseconds")
        .Int("cpu-rt-period", "Period of real-time scheduling in microseconds")
        .Int("cpu-rt-runtime", "Real-time CPU time per period in microseconds")
        .Int("cpu-count", "Number of CPUs (Windows only)")
        .Int("cpu-percent", "Share of the CPU in percent (Windows only)")
        .String("cpuset-cpus", "CPUs that may be used (0-3, 0,1)")
        .String("cpuset-mems", "Memory nodes that may be used (0-3, 0,1)")
        .Int("pids-limit", "Largest number of processes and threads; -1 for no limit")
        .Bool("oom-kill-disable", "Do not kill the container when memory is short")
        .Int("oom-score-adj", "Preference of the out-of-memory killer (-1000 to 1000)")
        .Add(new Flag("io-maxbandwidth", '\0', FlagKind.Bytes, "Bandwidth of the system drive (Windows only)"))
        .Int("io-maxiops", "Operations of the system drive (Windows only)");

    private static void BlockDevices(FlagTable table) => table
        .Add(new Flag("blkio-weight", '\0', FlagKind.Uint16, "Weight of block I/O, 10 to 1000, or 0 for none"))
        .List("blkio-weight-device", "Weight of block I/O on a device")
        .List("device", "Give access to a device of the host")
        .List("device-cgroup-rule", "Add a rule to the devices that are allowed")
        .List("device-read-bps", "Limit of reading from a device in bytes per second")
        .List("device-read-iops", "Limit of reading from a device in operations per second")
        .List("device-write-bps", "Limit of writing to a device in bytes per second")
        .List("device-write-iops", "Limit of writing to a device in operations per second")
        .Add(new Flag("gpus", '\0', FlagKind.List, "Give access to GPUs ('all' for every one)") { Label = "gpu-request" });

    private static void Isolation(FlagTable table) => table
        .Bool("privileged", "Lift the usual restrictions")
        .List("cap-add", "Add a capability")
        .List("cap-drop", "Drop a capability")
        .List("security-opt", "Option of security (seccomp=FILE, no-new-privileges, …)")
        .Map("sysctl", "Parameter of the kernel")
        .Map("annotation", "Annotation that is passed to the runtime")
        .String("pid", "PID namespace to use")
        .String("ipc", "IPC namespace to use")
        .String("uts", "UTS namespace to use")
        .String("userns", "User namespace to use")
        .String("cgroupns", "Cgroup namespace to use (host|private)")
        .String("cgroup-parent", "Cgroup below which the container runs")
        .String("isolation", "Technology of isolation")
        .String("runtime", "OCI runtime to use");

    private static void Health(FlagTable table) => table
        .String("health-cmd", "Command that checks health")
        .Duration("health-interval", "Time between checks (ms|s|m|h)")
        .Int("health-retries", "Failures in a row that make the container unhealthy")
        .Duration("health-start-period", "Time at the start in which failures do not count (ms|s|m|h)")
        .Duration("health-start-interval", "Time between checks in the start period (ms|s|m|h)")
        .Duration("health-timeout", "Longest time of a check (ms|s|m|h)")
        .Bool("no-healthcheck", "Switch the image's HEALTHCHECK off");

    private static void LifeCycle(FlagTable table) => table
        .String("name", "Name of the container")
        .List("label", 'l', "Set a label")
        .List("label-file", "Read labels from a file")
        .Bool("rm", "Remove the container and its anonymous volumes when it ends")
        .String("restart", "When to start the container again (no, always, unless-stopped, on-failure[:N])", "no")
        .String("log-driver", "Driver of the log")
        .List("log-opt", "Option of the log driver")
        .String("cidfile", "Write the container's ID to a file")
        .String("platform", "Platform of the image (os/arch[/variant])")
        .String("pull", "Whether to pull the image first (always, missing, never)", "missing")
        .Bool("quiet", 'q', "Do not show the progress of a pull")
        .Add(new Flag("disable-content-trust", '\0', FlagKind.Bool, "Skip verification of the image", "true") { Hidden = true });
}
