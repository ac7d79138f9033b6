namespace Slipway.Engine;

/// <summary>What the engine is told at start; dockerd's flags and <c>daemon.json</c> keys of the same meaning.</summary>
public sealed record EngineOptions
{
    /// <summary><c>--data-root</c>.</summary>
    public required string DataRoot { get; init; }

    /// <summary><c>--exec-root</c>.</summary>
    public required string ExecRoot { get; init; }

    /// <summary><c>--log-driver</c>: the driver of containers that name none.</summary>
    public string LogDriver { get; init; } = "json-file";

    /// <summary><c>--log-opt</c>: options of the default driver.</summary>
    public IReadOnlyDictionary<string, string> LogOptions { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--default-runtime</c>; empty for the best that is installed and works on this machine.</summary>
    public string DefaultRuntime { get; init; } = "";

    /// <summary><c>--add-runtime</c>: name → program path. <c>runc</c> is always there.</summary>
    public IReadOnlyDictionary<string, string> Runtimes { get; init; } = new Dictionary<string, string> { ["runc"] = "runc" };

    /// <summary><c>runtimeArgs</c>: name of a runtime → arguments that come before all others.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> RuntimeArguments { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary><c>--cgroup-parent</c>: the cgroup below which containers are made.</summary>
    public string CgroupParent { get; init; } = "/slipway";

    /// <summary><c>--init-path</c>: the program that <c>--init</c> runs as pid 1.</summary>
    public string? InitPath { get; init; }

    /// <summary><c>--init</c>: run an init in containers that do not say.</summary>
    public bool Init { get; init; }

    /// <summary><c>--default-shm-size</c> in bytes.</summary>
    public long ShmSize { get; init; } = 64 << 20;

    /// <summary><c>--default-ulimit</c>: name → (soft, hard).</summary>
    public IReadOnlyDictionary<string, (long Soft, long Hard)> Ulimits { get; init; } = new Dictionary<string, (long, long)>();

    /// <summary><c>--default-pids-limit</c> of our own: processes per container when none is asked for; 0 leaves it to the kernel.</summary>
    public long PidsLimit { get; init; }

    /// <summary><c>--no-new-privileges</c>.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary><c>--seccomp-profile</c>: path of a profile, <c>builtin</c> or <c>unconfined</c>.</summary>
    public string SeccompProfile { get; init; } = "builtin";

    /// <summary><c>--label</c>: labels of the engine, <c>key=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary><c>--shutdown-timeout</c> in seconds, reported by info only: containers run on.</summary>
    public int ShutdownTimeout { get; init; } = 15;

    /// <summary><c>--insecure-registry</c>.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];

    /// <summary><c>--registry-mirror</c>.</summary>
    public IReadOnlyList<string> RegistryMirrors { get; init; } = [];

    /// <summary><c>--bridge</c>: link of the default network; empty for our own, <c>none</c> for no default network.</summary>
    public string Bridge { get; init; } = "";

    /// <summary><c>--bip</c>: address of the default bridge with its prefix length; empty for the first free pool.</summary>
    public string Bip { get; init; } = "";

    /// <summary><c>--bip6</c>: the same for IPv6.</summary>
    public string Bip6 { get; init; } = "";

    /// <summary><c>--fixed-cidr</c>: part of the default bridge's subnet from which containers get addresses.</summary>
    public string FixedCidr { get; init; } = "";

    /// <summary><c>--fixed-cidr-v6</c>: IPv6 subnet of the default bridge.</summary>
    public string FixedCidrV6 { get; init; } = "";

    /// <summary><c>--default-gateway</c>: router of containers on the default bridge; empty for the bridge itself.</summary>
    public string DefaultGateway { get; init; } = "";

    /// <summary><c>--default-gateway-v6</c>.</summary>
    public string DefaultGatewayV6 { get; init; } = "";

    /// <summary><c>--default-network-opt</c>: driver → options of new networks that do not say otherwise.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> NetworkOptions { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string>>();

    /// <summary><c>--ipv6</c>: IPv6 on the default bridge.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary><c>--default-address-pool</c>: where subnets come from; empty for Docker's pools.</summary>
    public IReadOnlyList<Networks.Addresses.AddressPool> AddressPools { get; init; } = [];

    /// <summary><c>--icc</c>: whether containers on the default bridge may talk to each other.</summary>
    public bool Icc { get; init; } = true;

    /// <summary><c>--ip</c>: where ports of the default bridge are published that name no address.</summary>
    public string PublishAddress { get; init; } = "0.0.0.0";

    /// <summary><c>--ip-forward</c>: whether forwarding is switched on.</summary>
    public bool IpForward { get; init; } = true;

    /// <summary><c>--ip-masq</c>: whether what leaves the default bridge gets the host's address.</summary>
    public bool IpMasquerade { get; init; } = true;

    /// <summary><c>--iptables</c>: whether firewall rules are written. Without them nothing is published or isolated.</summary>
    public bool Firewall { get; init; } = true;

    /// <summary><c>--ip6tables</c>: whether the rules are for IPv6 too. Without them it is neither translated nor kept apart.</summary>
    public bool FirewallV6 { get; init; } = true;

    /// <summary>Program that runs a port relay when its arguments are <c>relay SOCKET</c>; empty for none (<c>--userland-proxy=false</c>).</summary>
    public string RelayProgram { get; init; } = "";

    /// <summary><c>--mtu</c> of the default bridge in bytes; 0 for the kernel's default.</summary>
    public int Mtu { get; init; }

    /// <summary><c>--max-concurrent-downloads</c>.</summary>
    public int MaxConcurrentDownloads { get; init; } = 3;

    /// <summary><c>--max-concurrent-uploads</c>.</summary>
    public int MaxConcurrentUploads { get; init; } = 5;

    /// <summary><c>--max-download-attempts</c>.</summary>
    public int MaxDownloadAttempts { get; init; } = 5;

    /// <summary><c>--dns</c>.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary><c>--dns-search</c>.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    /// <summary><c>--dns-opt</c>.</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>The arguments that a runtime gets before all others.</summary>
    /// <param name="name">Its name; null or empty for the default.</param>
    public IReadOnlyList<string> ArgumentsOf(string? name) => RuntimeArguments.GetValueOrDefault(string.IsNullOrEmpty(name) ? DefaultRuntime : name) ?? [];

    /// <summary>The program of a runtime.</summary>
    /// <param name="name">Its name; null or empty for the default.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when no such runtime is configured.</exception>
    public string RuntimePath(string? name)
    {
        var wanted = string.IsNullOrEmpty(name) ? DefaultRuntime : name;
        return Runtimes.TryGetValue(wanted, out var path) && Slipway.Linux.Spawn.FindExecutable(path) is { } found ? found : throw EngineException.Invalid($"unknown or invalid runtime name: {wanted}");
    }
}
