using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Networks.Addresses;
using static Slipway.Daemon.Options.OptionShape;
using static Slipway.Daemon.Options.OptionValues;

namespace Slipway.Daemon.Options;

/// <summary>The longer half of <see cref="OptionTable"/>, by what the options are about.</summary>
internal static class OptionTables
{
    /// <summary>Defaults of containers.</summary>
    public static readonly DaemonOption[] Containers =
    [
        new("log-driver", null, "log-driver", Text, "Default log driver: json-file, local or none", (s, v) => s.LogDriver = OneOf("log-driver", v, "json-file", "local", "none")),
        new("log-opt", null, "log-opts", Map, "Default log driver option, key=value (many)", (s, v) => Put(s.LogOptions, "log-opt", v)),
        new("add-runtime", null, "runtimes", Runtimes, "Further OCI runtime, name=path (many)", AddRuntime),
        new("default-runtime", null, "default-runtime", Text, "OCI runtime of containers that name none", (s, v) => s.DefaultRuntime = v),
        new("cgroup-parent", null, "cgroup-parent", Text, "Parent cgroup of containers", (s, v) => s.CgroupParent = AbsolutePath("cgroup-parent", v)),
        new("init", null, "init", Switch, "Run an init in containers that do not say", (s, v) => s.Init = OnOff("init", v)),
        new("init-path", null, "init-path", Text, "Program that --init runs", (s, v) => s.InitPath = AbsolutePath("init-path", v)),
        new("default-shm-size", null, "default-shm-size", Text, "Size of /dev/shm, such as 64m", (s, v) => s.ShmSize = Size("default-shm-size", v)),
        new("default-ulimit", null, "default-ulimits", Ulimits, "Resource limit, type=soft[:hard] (many)", AddUlimit),
        new("no-new-privileges", null, "no-new-privileges", Switch, "Set no-new-privileges by default", (s, v) => s.NoNewPrivileges = OnOff("no-new-privileges", v)),
        new("seccomp-profile", null, "seccomp-profile", Text, "builtin, unconfined or the path of a profile", (s, v) => s.SeccompProfile = v is "builtin" or "unconfined" ? v : AbsolutePath("seccomp-profile", v)),
        new("default-cgroupns-mode", null, "default-cgroupns-mode", Text, "host or private (no effect: private on cgroup v2, host on v1)", NoEffect("default-cgroupns-mode", v => OneOf("default-cgroupns-mode", v, "host", "private"))),
        new("default-ipc-mode", null, "default-ipc-mode", Text, "private or shareable (no effect: private)", NoEffect("default-ipc-mode", v => OneOf("default-ipc-mode", v, "private", "shareable"))),
        new("shutdown-timeout", null, "shutdown-timeout", Number, "Seconds, reported only: containers run on", (s, v) => s.ShutdownTimeout = WholeNumber("shutdown-timeout", v, -1)),
        new("live-restore", null, "live-restore", Switch, "Always on: containers outlive the daemon", (_, v) => Only("live-restore", v, "true")),
    ];

    /// <summary>Networks and name resolution.</summary>
    public static readonly DaemonOption[] Networks =
    [
        new("dns", null, "dns", List, "DNS server of containers (many)", (s, v) => s.Dns.Add(Address("dns", v))),
        new("dns-search", null, "dns-search", List, "DNS search domain (many)", (s, v) => s.DnsSearch.Add(v)),
        new("dns-opt", null, "dns-opts", List, "DNS resolver option (many)", (s, v) => s.DnsOptions.Add(v)),
        new("bip", null, "bip", Text, "Address of the default bridge, CIDR", (s, v) => s.Bip = Cidr("bip", v)),
        new("bip6", null, "bip6", Text, "IPv6 address of the default bridge, CIDR", (s, v) => s.Bip6 = Cidr("bip6", v)),
        new("bridge", 'b', "bridge", Text, "Bridge of the default network; none for no network", (s, v) => s.Bridge = v),
        new("default-address-pool", null, "default-address-pools", Pools, "base=CIDR,size=N (many)", (s, v) => s.AddressPools.Add(Pool(v))),
        new("default-gateway", null, "default-gateway", Text, "Router of containers on the default bridge", (s, v) => s.DefaultGateway = AddressOf("default-gateway", v, AddressFamily.InterNetwork)),
        new("default-gateway-v6", null, "default-gateway-v6", Text, "IPv6 router of containers on the default bridge", (s, v) => s.DefaultGatewayV6 = AddressOf("default-gateway-v6", v, AddressFamily.InterNetworkV6)),
        new("default-network-opt", null, "default-network-opts", Nested, "Option of new networks, driver=option=value (many)", AddNetworkOption),
        new("fixed-cidr", null, "fixed-cidr", Text, "IPv4 subnet for containers", (s, v) => s.FixedCidr = Cidr("fixed-cidr", v)),
        new("fixed-cidr-v6", null, "fixed-cidr-v6", Text, "IPv6 subnet for containers", (s, v) => s.FixedCidrV6 = Cidr("fixed-cidr-v6", v)),
        new("icc", null, "icc", Switch, "Containers on the default bridge may talk", (s, v) => s.Icc = OnOff("icc", v)),
        new("ip", null, "ip", Text, "Address on which ports are published", (s, v) => s.PublishAddress = Address("ip", v)),
        new("ip-forward", null, "ip-forward", Switch, "Enable IP forwarding", (s, v) => s.IpForward = OnOff("ip-forward", v)),
        new("ip-masq", null, "ip-masq", Switch, "Masquerade", (s, v) => s.IpMasquerade = OnOff("ip-masq", v)),
        new("iptables", null, "iptables", Switch, "Write firewall rules", (s, v) => s.Firewall = OnOff("iptables", v)),
        new("ip6tables", null, "ip6tables", Switch, "Write IPv6 firewall rules", (s, v) => s.FirewallV6 = OnOff("ip6tables", v)),
        new("ipv6", null, "ipv6", Switch, "IPv6 on the default bridge", (s, v) => s.EnableIPv6 = OnOff("ipv6", v)),
        new("mtu", null, "mtu", Number, "MTU of the default bridge", (s, v) => s.Mtu = WholeNumber("mtu", v, 68, 65535)),
        new("userland-proxy", null, "userland-proxy", Switch, "Relay IPv6 to published ports of containers without it", (s, v) => s.UserlandProxy = OnOff("userland-proxy", v)),
        new("swarm-default-advertise-addr", null, "swarm-default-advertise-addr", Text, "No effect: there is no swarm", NoEffect("swarm-default-advertise-addr")),
    ];

    /// <summary>Registries, storage and what is refused.</summary>
    public static readonly DaemonOption[] Others =
    [
        new("registry-mirror", null, "registry-mirrors", List, "Mirror of the default registry (many)", (s, v) => s.RegistryMirrors.Add(v)),
        new("insecure-registry", null, "insecure-registries", List, "Registry without verified TLS (many)", (s, v) => s.InsecureRegistries.Add(v)),
        new("max-concurrent-downloads", null, "max-concurrent-downloads", Number, "Layers pulled at once", (s, v) => s.MaxConcurrentDownloads = WholeNumber("max-concurrent-downloads", v, 1)),
        new("max-concurrent-uploads", null, "max-concurrent-uploads", Number, "Layers pushed at once", (s, v) => s.MaxConcurrentUploads = WholeNumber("max-concurrent-uploads", v, 1)),
        new("max-download-attempts", null, "max-download-attempts", Number, "Attempts for each layer", (s, v) => s.MaxDownloadAttempts = WholeNumber("max-download-attempts", v, 1)),
        new("registry-listen", null, "registry-listen", Text, "Address of our own registry, or off (default 127.0.0.1:5000)", (s, v) => s.Registry.Listen = v == "off" ? "off" : RegistryAddresses.Check(v)),
        new("registry-htpasswd", null, "registry-htpasswd", Text, "Users of our registry (htpasswd -B); without it everybody on this machine may do everything", (s, v) => s.Registry.UsersFile = AbsolutePath("registry-htpasswd", v)),
        new("registry-tls-cert", null, "registry-tls-cert", Text, "Certificate of our registry", (s, v) => s.Registry.Certificate = AbsolutePath("registry-tls-cert", v)),
        new("registry-tls-key", null, "registry-tls-key", Text, "Its key", (s, v) => s.Registry.Key = AbsolutePath("registry-tls-key", v)),
        new("registry-read-only", null, "registry-read-only", Switch, "Our registry refuses changes", (s, v) => s.Registry.ReadOnly = OnOff("registry-read-only", v)),
        new("registry-quota", null, "registry-quota", Text, "What one repository of our registry may hold, such as 20g", (s, v) => s.Registry.Quota = Size("registry-quota", v)),
        new("registry-proxy", null, "registry-proxies", Map, "Copy a registry's images when they are asked for: PREFIX=REGISTRY, or *=REGISTRY to be a mirror of it (many)", (s, v) => s.Registry.AddUpstream(v)),
        new("registry-proxy-auth", null, "registry-proxy-auth", Text, "Credentials for those registries, a file as docker login writes it", (s, v) => s.Registry.UpstreamCredentials = AbsolutePath("registry-proxy-auth", v)),
        new("registry-proxy-size", null, "registry-proxy-size", Text, "What all copies together may take, such as 50g; what was used longest ago goes", (s, v) => s.Registry.UpstreamSize = Size("registry-proxy-size", v)),
        new("registry-keep", null, "registry-keep", List, "Of tags that fit, keep the newest: REPOSITORY:TAG=COUNT with * for any text (many)", (s, v) => s.Registry.AddRetention(v)),
        new("storage-driver", 's', "storage-driver", Text, "Only overlay2", (_, v) => Only("storage-driver", v, "overlay2")),
        new("exec-opt", null, "exec-opts", List, "Only native.cgroupdriver=cgroupfs", (_, v) => Only("exec-opt", v, "native.cgroupdriver=cgroupfs")),
        new("experimental", null, "experimental", Switch, "No effect: there are no experimental features", NoEffect("experimental", v => OnOff("experimental", v))),
        new("selinux-enabled", null, "selinux-enabled", Switch, "Not supported", (_, v) => Only("selinux-enabled", v, "false")),
        new("userns-remap", null, "userns-remap", Text, "Not supported", (_, v) => Only("userns-remap", v, "")),
    ];

    private static Action<DaemonSettings, string> NoEffect(string name, Action<string>? check = null) => (settings, value) =>
    {
        check?.Invoke(value);
        settings.WithoutEffect.Add(name);
    };

    private static Action<DaemonSettings, string> NoEffect<T>(string name, Func<string, T> check) => NoEffect(name, v => { check(v); });

    private static void Put(Dictionary<string, string> map, string name, string value)
    {
        var (key, text) = Pair(name, value);
        map[key] = text;
    }

    // The configuration file's arguments follow the path, each behind a NUL, which no argument can hold.
    private static void AddRuntime(DaemonSettings settings, string value)
    {
        var (name, text) = Pair("add-runtime", value);
        var words = text.Split('\0');
        settings.Runtimes[name] = words[0];
        settings.RuntimeArguments[name] = words[1..];
    }

    private static void AddUlimit(DaemonSettings settings, string value)
    {
        var (key, soft, hard) = Ulimit("default-ulimit", value);
        settings.Ulimits[key] = (soft, hard);
    }

    private static void AddNetworkOption(DaemonSettings settings, string value)
    {
        var (driver, option) = Pair("default-network-opt", value);
        var (key, text) = Pair("default-network-opt", option);
        if (!settings.NetworkOptions.TryGetValue(driver, out var options))
        {
            settings.NetworkOptions[driver] = options = [];
        }

        options[key] = text;
    }

    private static AddressPool Pool(string value)
    {
        const string name = "default-address-pool";
        var parts = value.Split(',').Select(p => Pair(name, p)).ToDictionary(p => p.Key, p => p.Value);
        var whole = IPNetwork.Parse(Subnet(name, parts.GetValueOrDefault("base", "")));
        return new AddressPool(whole, WholeNumber(name, parts.GetValueOrDefault("size", ""), whole.PrefixLength, whole.BaseAddress.GetAddressBytes().Length * 8));
    }

    private static void Only(string name, string value, string allowed)
    {
        if (value != allowed)
        {
            throw new OptionException($"{name}: \"{value}\" is not supported by this engine; the only value is \"{allowed}\"");
        }
    }
}
