using Slipway.Distribution.Authorization;
using Slipway.Distribution.Endpoints;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;

namespace Slipway.Distribution.Tests;

/// <summary>What tells the client where registries are: hosts.toml, certs.d, proxies, challenges.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void A_hosts_file_is_read_as_containerd_reads_it()
    {
        var file = HostsFile.Read(
            """
            # the registry itself
            server = "https://registry-1.docker.io"

            [host."https://mirror.example.com"]
              capabilities = ["pull", "resolve"] # not push
              ca = "ca.pem"
              client = [["c.pem", "k.pem"]]
              [host."https://mirror.example.com".header]
                x-team = ["a", 'b']

            [host."http://10.0.0.1:5000/proxy/v2"]
              skip_verify = true
              override_path = true
            """,
            "docker.io", "/d");
        Assert.True(file.HasServer);
        Assert.Equal("https://registry-1.docker.io/v2/", file.Server.Base.ToString());
        Assert.Equal(["https://mirror.example.com/v2/", "http://10.0.0.1:5000/proxy/v2/"], file.Hosts.Select(host => host.Base.ToString()));
        Assert.False(file.Hosts[0].CanPush);
        Assert.Equal("/d/ca.pem", Assert.Single(file.Hosts[0].Tls.Authorities));
        Assert.Equal(("/d/c.pem", "/d/k.pem"), Assert.Single(file.Hosts[0].Tls.Clients));
        Assert.Equal("a, b", file.Hosts[0].Headers["x-team"]);
        Assert.True(file.Hosts[1].Tls.SkipVerify);
    }

    [Theory]
    [InlineData("a = ")]
    [InlineData("[a")]
    [InlineData("a = \"x")]
    [InlineData("a = 1\na = 2")]
    [InlineData("a = [1, 2")]
    [InlineData("host = 3")]
    public void A_malformed_hosts_file_is_an_error(string text) => Assert.Throws<FormatException>(() => HostsFile.Read(text, "x.example.com", "/"));

    [Fact]
    public async Task Addresses_follow_dockers_rules()
    {
        var options = new DistributionOptions { Mirrors = ["https://m.example.com"], InsecureRegistries = ["10.1.0.0/16", "plain.example.com:80"], CertsDirectories = [] };
        var resolver = new EndpointResolver(() => options);
        static IEnumerable<string> Shown(IEnumerable<RegistryEndpoint> endpoints) => endpoints.Select(endpoint => endpoint.Base.ToString());
        Assert.Equal(["https://m.example.com/v2/", "https://registry-1.docker.io/v2/"], Shown(await resolver.FindAsync("docker.io", push: false, default)));
        Assert.Equal(["https://registry-1.docker.io/v2/"], Shown(await resolver.FindAsync("docker.io", push: true, default)));
        Assert.Equal(["https://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/"], Shown(await resolver.FindAsync("127.0.0.1:5000", push: true, default)));
        Assert.Equal(["https://10.1.2.3:5000/v2/", "http://10.1.2.3:5000/v2/"], Shown(await resolver.FindAsync("10.1.2.3:5000", push: true, default)));
        Assert.Equal(["https://10.2.2.3:5000/v2/"], Shown(await resolver.FindAsync("10.2.2.3:5000", push: true, default)));
        Assert.Equal(["https://plain.example.com:80/v2/", "http://plain.example.com:80/v2/"], (await resolver.FindAsync("plain.example.com:80", push: true, default)).Select(endpoint => endpoint.Base.OriginalString));
    }

    [Theory]
    [InlineData("https://r.example.com/v2/", "http://proxy:3128/")]
    [InlineData("https://localhost:5000/v2/", null)]
    [InlineData("https://127.0.0.1/v2/", null)]
    [InlineData("https://in.corp.example/v2/", null)]
    [InlineData("https://10.3.4.5/v2/", null)]
    [InlineData("https://port.example:8443/v2/", null)]
    [InlineData("https://port.example/v2/", "http://proxy:3128/")]
    public void Proxies_follow_the_environment(string address, string? expected)
    {
        var proxy = new EnvironmentProxy(name => name switch { "HTTPS_PROXY" => "proxy:3128", "no_proxy" => "corp.example, 10.0.0.0/8,port.example:8443", _ => null });
        Assert.Equal(expected, proxy.GetProxy(new Uri(address))?.ToString());
    }

    [Fact]
    public void A_challenge_is_read()
    {
        var challenge = Challenge.Parse("Bearer realm=\"https://a/t\", service=\"x y\",scope=\"repository:a/b:pull,push\", error=\"q\\\"z\"");
        Assert.Equal("bearer", challenge.Scheme);
        Assert.Equal("https://a/t", challenge["realm"]);
        Assert.Equal("repository:a/b:pull,push", challenge["scope"]);
        Assert.Equal("q\"z", challenge["error"]);
    }

    [Fact]
    public void The_bar_looks_like_dockers() =>
        Assert.Equal($"[{new string('=', 25)}>{new string(' ', 25)}]       5B/10B", ProgressBar.Draw(5, 10));
}
