using Slipway.Daemon.Options;

namespace Slipway.Api.Tests;

/// <summary>Flags and daemon.json: what is understood, and how the rest is refused.</summary>
public sealed class DaemonOptionTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    private DaemonSettings Read(string json, params string[] flags)
    {
        File.WriteAllText(_file, json);
        return SettingsReader.Read(["--config-file", _file, .. flags]);
    }

    private string Refusal(string json, params string[] flags) => Assert.Throws<OptionException>(() => Read(json, flags)).Message;

    [Fact]
    public void Flags_in_every_spelling()
    {
        var settings = Read("{}", "-Hunix:///a", "-H", "unix:///b", "-H=unix:///c", "--host=unix:///d", "-D", "--init=false", "--label", "a=b", "--log-opt=max-size=1m", "--default-ulimit", "nofile=10:20", "--default-shm-size", "1g", "--mtu=1400", "--bip", "10.1.0.1/24", "--max-concurrent-downloads=2");
        Assert.Equal(["unix:///a", "unix:///b", "unix:///c", "unix:///d"], settings.Hosts);
        Assert.True(settings.Debug);
        Assert.False(settings.Init);
        var options = settings.ToEngineOptions();
        Assert.Equal(["a=b"], options.Labels);
        Assert.Equal("1m", options.LogOptions["max-size"]);
        Assert.Equal((10, 20), options.Ulimits["nofile"]);
        Assert.Equal(1L << 30, options.ShmSize);
        Assert.Equal((1400, "10.1.0.1/24"), (options.Mtu, options.Bip));
        Assert.Equal(2, settings.MaxConcurrentDownloads);
        Assert.Empty(settings.WithoutEffect);
    }

    [Fact]
    public void File_with_every_shape()
    {
        var settings = Read("""
            {"hosts": ["unix:///x"], "debug": true, "data-root": "/d", "log-opts": {"max-file": "2"}, "labels": ["a=b"], "mtu": 1500,
             "runtimes": {"crun": {"path": "/usr/bin/crun"}}, "default-runtime": "crun", "default-ulimits": {"core": {"Name": "core", "Soft": 0, "Hard": -1}},
             "default-address-pools": [{"base": "10.0.0.0/8", "size": 24}], "default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1300"}}, "default-gateway": "10.1.0.9", "ip6tables": false, "dns": ["1.1.1.1"], "live-restore": true, "storage-driver": "overlay2"}
            """);
        var options = settings.ToEngineOptions();
        Assert.Equal("/d", options.DataRoot);
        Assert.Equal("/usr/bin/crun", options.Runtimes["crun"]);
        Assert.Equal("crun", options.DefaultRuntime);
        Assert.Equal((0, -1), options.Ulimits["core"]);
        Assert.Equal(["1.1.1.1"], options.Dns);
        Assert.Equal("1300", options.NetworkOptions["bridge"]["com.docker.network.driver.mtu"]);
        Assert.Equal(("10.1.0.9", false), (options.DefaultGateway, options.FirewallV6));
        Assert.Equal([("10.0.0.0/8", 24)], options.AddressPools.Select(pool => (pool.Base.ToString(), pool.Size)));
        Assert.True(settings.Debug);
    }

    [Fact]
    public void What_is_in_both_is_refused() =>
        Assert.Contains("the following directives are specified both as a flag and in the configuration file: debug: (from flag: true, from file: false)", Refusal("""{"debug": false}""", "--debug"), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"nonsense\": 1, \"x\": 2}", "the following directives don't match any configuration option: nonsense, x")]
    [InlineData("{", "invalid JSON")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{\"debug\": \"yes\"}", "invalid value for debug")]
    [InlineData("{\"hosts\": \"unix:///x\"}", "invalid value for hosts")]
    [InlineData("{\"selinux-enabled\": true}", "selinux-enabled")]
    [InlineData("{\"userns-remap\": \"default\"}", "userns-remap")]
    [InlineData("{\"storage-driver\": \"btrfs\"}", "storage-driver")]
    [InlineData("{\"default-runtime\": \"kata\"}", "default-runtime: no runtime is named \"kata\"")]
    public void Bad_files(string json, string message) => Assert.Contains(message, Refusal(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("unknown option: --nonsense", "--nonsense")]
    [InlineData("unknown option: -z", "-z")]
    [InlineData("needs a value", "--data-root")]
    [InlineData("takes options only", "start")]
    [InlineData("data-root", "--data-root", "relative")]
    [InlineData("log-level", "--log-level", "loud")]
    [InlineData("mtu", "--mtu", "-1")]
    [InlineData("bip", "--bip", "10.0.0.1")]
    [InlineData("dns", "--dns", "host")]
    [InlineData("default-gateway", "--default-gateway", "::1")]
    [InlineData("default-network-opt", "--default-network-opt", "bridge=mtu")]
    [InlineData("an IPv6 address", "--default-gateway-v6", "10.0.0.1")]
    [InlineData("default-shm-size", "--default-shm-size", "99999999999g")]
    [InlineData("default-ulimit", "--default-ulimit", "nofile=20:10")]
    [InlineData("live-restore", "--live-restore=false")]
    [InlineData("exec-opt", "--exec-opt", "native.cgroupdriver=systemd")]
    [InlineData("host", "-H", "npipe:////x")]
    [InlineData("would give root on this machine", "-H", "tcp://0.0.0.0:2375")]
    public void Bad_flags(string message, params string[] flags) => Assert.Contains(message, Refusal("{}", flags), StringComparison.Ordinal);

    [Fact]
    public void Tcp_with_client_certificates_or_a_knowing_flag()
    {
        Read("{}", "-H", "tcp://0.0.0.0", "--tlsverify");
        Read("{}", "-H", "tcp://127.0.0.1:2375", "--insecure-tcp");
    }

    [Fact]
    public void Names_are_unique()
    {
        Assert.Distinct(OptionTable.All.Select(o => o.Flag));
        Assert.Distinct(OptionTable.All.Where(o => o.Key is not null).Select(o => o.Key));
        Assert.Distinct(OptionTable.All.Where(o => o.Short is not null).Select(o => o.Short));
    }
}
