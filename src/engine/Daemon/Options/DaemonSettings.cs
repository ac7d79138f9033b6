using Slipway.Engine;
using Slipway.Engine.Networks.Addresses;

namespace Slipway.Daemon.Options;

/// <summary>Everything the daemon was told, from flags and from <c>daemon.json</c>; filled by <see cref="OptionTable"/>.</summary>
public sealed class DaemonSettings
{
    /// <summary>The default of <c>--config-file</c>; it need not exist.</summary>
    public const string DefaultConfigFile = "/etc/slipway/daemon.json";

    /// <summary>The default address.</summary>
    public const string DefaultHost = "unix:///run/slipway/slipway.sock";

    /// <summary>Addresses to listen on.</summary>
    public List<string> Hosts { get; } = [];

    /// <summary><c>--config-file</c>.</summary>
    public string ConfigFile { get; set; } = DefaultConfigFile;

    /// <summary><c>--data-root</c>.</summary>
    public string DataRoot { get; set; } = "/var/lib/slipway";

    /// <summary><c>--exec-root</c>.</summary>
    public string ExecRoot { get; set; } = "/run/slipway";

    /// <summary><c>--pidfile</c>.</summary>
    public string PidFile { get; set; } = "/run/slipway/slipwayd.pid";

    /// <summary><c>--group</c>: owner group of unix sockets; null takes <c>slipway</c> or <c>docker</c>, whichever exists.</summary>
    public string? Group { get; set; }

    /// <summary><c>--debug</c>.</summary>
    public bool Debug { get; set; }

    /// <summary><c>--log-level</c>.</summary>
    public string LogLevel { get; set; } = "info";

    /// <summary><c>--log-format</c>: text or json.</summary>
    public string LogFormat { get; set; } = "text";

    /// <summary><c>--validate</c>: check the configuration and end.</summary>
    public bool Validate { get; set; }

    /// <summary><c>--version</c>.</summary>
    public bool Version { get; set; }

    /// <summary><c>--help</c>.</summary>
    public bool Help { get; set; }

    /// <summary><c>--tls</c>.</summary>
    public bool Tls { get; set; }

    /// <summary><c>--tlsverify</c>.</summary>
    public bool TlsVerify { get; set; }

    /// <summary><c>--tlscacert</c>.</summary>
    public string TlsCaCert { get; set; } = "/etc/slipway/ca.pem";

    /// <summary><c>--tlscert</c>.</summary>
    public string TlsCert { get; set; } = "/etc/slipway/cert.pem";

    /// <summary><c>--tlskey</c>.</summary>
    public string TlsKey { get; set; } = "/etc/slipway/key.pem";

    /// <summary><c>--insecure-tcp</c>: serve TCP without proof of who calls. Whoever reaches the port is root on this machine.</summary>
    public bool InsecureTcp { get; set; }

    /// <summary><c>--label</c>.</summary>
    public List<string> Labels { get; } = [];

    /// <summary><c>--log-driver</c>.</summary>
    public string LogDriver { get; set; } = "json-file";

    /// <summary><c>--log-opt</c>.</summary>
    public Dictionary<string, string> LogOptions { get; } = [];

    /// <summary><c>--default-runtime</c>; empty lets the engine choose.</summary>
    public string DefaultRuntime { get; set; } = "";

    /// <summary><c>--add-runtime</c>.</summary>
    public Dictionary<string, string> Runtimes { get; } = new() { ["runc"] = "runc", ["crun"] = "crun" };

    /// <summary><c>runtimeArgs</c> of the configuration file's runtimes.</summary>
    public Dictionary<string, IReadOnlyList<string>> RuntimeArguments { get; } = [];

    /// <summary><c>--cgroup-parent</c>.</summary>
    public string CgroupParent { get; set; } = "/slipway";

    /// <summary><c>--init</c>.</summary>
    public bool Init { get; set; }

    /// <summary><c>--init-path</c>.</summary>
    public string? InitPath { get; set; }

    /// <summary><c>--default-shm-size</c> in bytes.</summary>
    public long ShmSize { get; set; } = 64 << 20;

    /// <summary><c>--default-ulimit</c>.</summary>
    public Dictionary<string, (long Soft, long Hard)> Ulimits { get; } = [];

    /// <summary><c>--no-new-privileges</c>.</summary>
    public bool NoNewPrivileges { get; set; }

    /// <summary><c>--seccomp-profile</c>.</summary>
    public string SeccompProfile { get; set; } = "builtin";

    /// <summary><c>--shutdown-timeout</c> in seconds.</summary>
    public int ShutdownTimeout { get; set; } = 15;

    /// <summary><c>--insecure-registry</c>.</summary>
    public List<string> InsecureRegistries { get; } = [];

    /// <summary><c>--registry-mirror</c>.</summary>
    public List<string> RegistryMirrors { get; } = [];

    /// <summary><c>--bridge</c>: link of the default network; empty for the engine's own, <c>none</c> for no default network.</summary>
    public string Bridge { get; set; } = "";

    /// <summary><c>--bip</c>.</summary>
    public string Bip { get; set; } = "";

    /// <summary><c>--bip6</c>.</summary>
    public string Bip6 { get; set; } = "";

    /// <summary><c>--default-address-pool</c>.</summary>
    public List<AddressPool> AddressPools { get; } = [];

    /// <summary><c>--fixed-cidr</c>.</summary>
    public string FixedCidr { get; set; } = "";

    /// <summary><c>--fixed-cidr-v6</c>.</summary>
    public string FixedCidrV6 { get; set; } = "";

    /// <summary><c>--default-gateway</c>.</summary>
    public string DefaultGateway { get; set; } = "";

    /// <summary><c>--default-gateway-v6</c>.</summary>
    public string DefaultGatewayV6 { get; set; } = "";

    /// <summary><c>--default-network-opt</c>, by driver.</summary>
    public Dictionary<string, Dictionary<string, string>> NetworkOptions { get; } = [];

    /// <summary><c>--ipv6</c>.</summary>
    public bool EnableIPv6 { get; set; }

    /// <summary><c>--icc</c>.</summary>
    public bool Icc { get; set; } = true;

    /// <summary><c>--ip</c>.</summary>
    public string PublishAddress { get; set; } = "0.0.0.0";

    /// <summary><c>--ip-forward</c>.</summary>
    public bool IpForward { get; set; } = true;

    /// <summary><c>--ip-masq</c>.</summary>
    public bool IpMasquerade { get; set; } = true;

    /// <summary><c>--iptables</c>.</summary>
    public bool Firewall { get; set; } = true;

    /// <summary><c>--ip6tables</c>.</summary>
    public bool FirewallV6 { get; set; } = true;

    /// <summary><c>--mtu</c> in bytes; 0 for the kernel's default.</summary>
    public int Mtu { get; set; }

    /// <summary><c>--max-concurrent-downloads</c>.</summary>
    public int MaxConcurrentDownloads { get; set; } = 3;

    /// <summary><c>--max-concurrent-uploads</c>.</summary>
    public int MaxConcurrentUploads { get; set; } = 5;

    /// <summary><c>--max-download-attempts</c>.</summary>
    public int MaxDownloadAttempts { get; set; } = 5;

    /// <summary><c>--registry-…</c>.</summary>
    public RegistrySettings Registry { get; } = new();

    /// <summary><c>--userland-proxy</c>.</summary>
    public bool UserlandProxy { get; set; } = true;

    /// <summary><c>--dns</c>.</summary>
    public List<string> Dns { get; } = [];

    /// <summary><c>--dns-search</c>.</summary>
    public List<string> DnsSearch { get; } = [];

    /// <summary><c>--dns-opt</c>.</summary>
    public List<string> DnsOptions { get; } = [];

    /// <summary>Options that were set, were found well-formed, and change nothing in this engine; each is logged at start.</summary>
    public List<string> WithoutEffect { get; } = [];

    /// <summary>What the engine is told.</summary>
    public EngineOptions ToEngineOptions() => new()
    {
        DataRoot = Path.GetFullPath(DataRoot),
        ExecRoot = Path.GetFullPath(ExecRoot),
        LogDriver = LogDriver,
        LogOptions = LogOptions,
        DefaultRuntime = DefaultRuntime,
        Runtimes = Runtimes,
        RuntimeArguments = RuntimeArguments,
        CgroupParent = CgroupParent,
        Init = Init,
        InitPath = InitPath,
        ShmSize = ShmSize,
        Ulimits = Ulimits,
        NoNewPrivileges = NoNewPrivileges,
        SeccompProfile = SeccompProfile,
        Labels = Labels,
        ShutdownTimeout = ShutdownTimeout,
        InsecureRegistries = InsecureRegistries,
        RegistryMirrors = RegistryMirrors,
        Bridge = Bridge,
        Bip = Bip,
        Bip6 = Bip6,
        AddressPools = AddressPools,
        FixedCidr = FixedCidr,
        FixedCidrV6 = FixedCidrV6,
        DefaultGateway = DefaultGateway,
        DefaultGatewayV6 = DefaultGatewayV6,
        NetworkOptions = NetworkOptions.ToDictionary(pair => pair.Key, pair => (IReadOnlyDictionary<string, string>)pair.Value),
        EnableIPv6 = EnableIPv6,
        Icc = Icc,
        PublishAddress = PublishAddress,
        IpForward = IpForward,
        IpMasquerade = IpMasquerade,
        Firewall = Firewall,
        FirewallV6 = FirewallV6,
        Mtu = Mtu,
        MaxConcurrentDownloads = MaxConcurrentDownloads,
        MaxConcurrentUploads = MaxConcurrentUploads,
        MaxDownloadAttempts = MaxDownloadAttempts,
        RelayProgram = UserlandProxy ? Environment.ProcessPath ?? "" : "",
        Dns = Dns,
        DnsSearch = DnsSearch,
        DnsOptions = DnsOptions,
    };
}
