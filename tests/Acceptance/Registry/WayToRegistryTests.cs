using Slipway.Acceptance.Fixture;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Registry;

/// <summary>How the daemon gets to registries: proxies of its environment, <c>certs.d</c> and <c>hosts.toml</c>, with Debian's registry at the other end.</summary>
public sealed class WayToRegistryTests : IAsyncLifetime, IDisposable
{
    private readonly TinyProxy _proxy = new();
    private readonly List<string> _configured = [];
    private readonly Scratch _scratch = new();
    private DebianRegistry _plain = null!;
    private DebianRegistry _locked = null!;
    private PrivateDaemon _daemon = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        (_plain, _locked) = (await DebianRegistry.StartAsync(), await DebianRegistry.StartAsync(locked: true));
        _daemon = _scratch.DaemonThrough(
            ["/usr/bin/env", "HTTP_PROXY=" + _proxy.Address, "https_proxy=" + _proxy.Address, "NO_PROXY=direct.slipway.test,.corp.example"], null, "a", "--insecure-registry", Named(_plain));
        await _daemon.StartAsync();
        await _daemon.LoadAsync(BusyboxImage.Archive());
    }

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _scratch.DisposeAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _configured.ForEach(directory => Directory.Delete(directory, recursive: true));
        _proxy.Dispose();
        _plain.Dispose();
        _locked.Dispose();
    }

    [Fact]
    public async Task Proxies_lead_to_registries_and_are_left_alone_where_they_must()
    {
        var name = Named(_plain) + "/team/bb:1";
        (await DockerAsync("tag", "busybox", name)).Ok();
        (await DockerAsync("push", name)).Ok();
        (await DockerAsync("rmi", name)).Ok();
        (await DockerAsync("pull", name)).Ok();
        Assert.Contains(_proxy.Asked, line => line.StartsWith($"CONNECT {Named(_plain)} ", StringComparison.Ordinal));
        Assert.Contains(_proxy.Asked, line => line.Contains($" http://{Named(_plain)}/v2/", StringComparison.Ordinal));

        // Loopback, and what NO_PROXY names, never.
        var asked = _proxy.Asked.Count;
        var local = _plain.Host + "/team/bb:1";
        (await DockerAsync("pull", local)).Ok();
        (await DockerAsync("pull", "direct.slipway.test:5000/x")).Fails("direct.slipway.test");
        (await DockerAsync("pull", "in.corp.example/x")).Fails("in.corp.example");
        Assert.Equal(asked, _proxy.Asked.Count);
    }

    [Fact]
    public async Task Certificates_are_checked_through_a_proxy_by_the_authority_that_is_given()
    {
        var name = Named(_locked) + "/team/bb:1";
        (await DockerAsync("tag", "busybox", name)).Ok();
        (await DockerAsync("login", "-u", "joe", "-p", "secret", Named(_locked))).Fails("certificate");
        Configure("/etc/docker/certs.d", Named(_locked), "ca.crt", File.ReadAllText(Path.Combine(_locked.CertsDirectory, _locked.Host, "ca.crt")));
        (await DockerAsync("login", "-u", "joe", "-p", "wrong", Named(_locked))).Fails("unauthorized");
        (await DockerAsync("login", "-u", "joe", "-p", "secret", Named(_locked))).Ok();
        (await DockerAsync("push", name)).Ok();
        (await DockerAsync("rmi", name)).Ok();
        (await DockerAsync("pull", name)).Ok();

        // The classic builder gets at base images as the client does.
        (await DockerAsync("rmi", name)).Ok();
        Directory.CreateDirectory(Path.Combine(_scratch.Root, "context"));
        await File.WriteAllTextAsync(Path.Combine(_scratch.Root, "context", "Dockerfile"), $"FROM {name}\nRUN true\n");
        foreach (var program in (string[])[EngineRoom.DockerProgram, EngineRoom.SlipwayProgram])
        {
            (await ClassicBuildAsync(program)).Ok();
            (await DockerAsync("rmi", name)).Ok();
        }

        (await DockerAsync("logout", Named(_locked))).Ok();
        (await ClassicBuildAsync(EngineRoom.DockerProgram)).Fails("no basic auth credentials", 1);
        Assert.All(_proxy.Asked, line => Assert.StartsWith($"CONNECT {Named(_locked)} ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hosts_file_leads_to_mirrors_which_are_never_pushed_to()
    {
        var mirrored = $"mirrored-{Guid.NewGuid().ToString("N")[..8]}.corp.example";
        (await DockerAsync("tag", "busybox", _plain.Host + "/team/bb:1")).Ok();
        (await DockerAsync("push", _plain.Host + "/team/bb:1")).Ok();
        Configure("/etc/slipway/certs.d", mirrored, "hosts.toml", $"""
            server = "https://{mirrored}"
            [host."http://127.0.0.1:1"]
              capabilities = ["pull", "resolve"]
            [host."http://{_plain.Host}"]
              capabilities = ["pull", "resolve"]
            """);
        (await DockerAsync("pull", mirrored + "/team/bb:1")).Ok();
        Assert.Equal("here", (await DockerAsync("run", "--rm", "--network", "none", mirrored + "/team/bb:1", "echo", "here")).Ok());
        (await DockerAsync("push", mirrored + "/team/bb:1")).Fails(mirrored);

        // A file that allows it pushes there.
        File.WriteAllText(Path.Combine(_configured[^1], "hosts.toml"), $"server = \"http://{_plain.Host}\"\n");
        (await DockerAsync("tag", "busybox", mirrored + "/team/bb:2")).Ok();
        (await DockerAsync("push", mirrored + "/team/bb:2")).Ok();
        (await DockerAsync("pull", _plain.Host + "/team/bb:2")).Ok();
        File.WriteAllText(Path.Combine(_configured[^1], "hosts.toml"), "server = ");
        (await DockerAsync("pull", mirrored + "/team/bb:2")).Fails("hosts.toml");
        Assert.Empty(_proxy.Asked);
    }

    private static string Named(DebianRegistry registry) => $"{DebianRegistry.Domain}:{registry.Host.Split(':')[1]}";

    // Of the machine's directories that the daemon reads, each registry has its own.
    private void Configure(string root, string registry, string file, string content)
    {
        var directory = Path.Combine(root, registry);
        Directory.CreateDirectory(directory);
        _configured.Add(directory);
        File.WriteAllText(Path.Combine(directory, file), content);
    }

    private async Task<Outcome> ClassicBuildAsync(string program)
    {
        using var command = CommandLine.Start("/usr/bin/env", ["DOCKER_BUILDKIT=0", program, "-H", "unix://" + _daemon.Socket, "build", "--no-cache", Path.Combine(_scratch.Root, "context")], _scratch.Root);
        return await command.EndAsync();
    }

    private async Task<Outcome> DockerAsync(params string[] arguments)
    {
        using var command = CommandLine.Start(EngineRoom.DockerProgram, ["-H", "unix://" + _daemon.Socket, .. arguments], _scratch.Root);
        return await command.EndAsync();
    }
}
