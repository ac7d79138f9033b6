using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>How the client finds and reaches an engine: variables, ssh, TLS; and what a shell completes.</summary>
[Collection(LifeCollection.Name)]
public sealed class HostTests(EngineRoom room)
{
    // Takes the place of ssh(1) and of the other machine's shell.
    private const string FakeSsh =
        """
        #!/bin/sh
        while [ "$1" != -- ]; do shift; done
        shift 2
        exec sh -c "$*"
        """;

    [Fact]
    public void TheHostComesFromFlagsThenVariables()
    {
        Assert.Equal(0, Slipway([("DOCKER_HOST", Socket)], "ps").Code);
        Assert.Equal(0, Slipway([("DOCKER_HOST", "unix:///no/such"), ("SLIPWAY_HOST", Socket)], "ps").Code);
        Assert.Contains("unix:///no/such", Slipway([("SLIPWAY_HOST", Socket)], "-H", "unix:///no/such", "ps").Error, StringComparison.Ordinal);
        Assert.NotEqual(0, Slipway([("DOCKER_HOST", "nonsense")], "ps").Code);
    }

    [Fact]
    public void AnEngineIsReachedThroughSsh()
    {
        var bin = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("bin"))).FullName;
        Write(bin + "/ssh", FakeSsh);
        Write(bin + "/slipway", $"#!/bin/sh\nexec {EngineRoom.SlipwayProgram} \"$@\"\n");
        var path = ("PATH", bin + ":/usr/bin:/bin");
        var host = "ssh://someone@far.example" + room.Daemon.Socket;
        Assert.Equal("over", Slipway([path], "-H", host, "run", "--rm", "--network", "none", "busybox", "echo", "over").Output.Trim());
        Assert.Equal("", Slipway([path, ("SLIPWAY_HOST", Socket)], "-H", "ssh://far.example", "ps", "-q", "--filter", "name=no-such").Error);
        Assert.NotEqual(0, Slipway([path], "-H", "ssh://-oProxyCommand=x/", "ps").Code);
    }

    [Fact]
    public async Task StandardInputAndOutputCarryTheApi()
    {
        using var dial = room.Start("slipway", "system", "dial-stdio");
        await dial.WriteAsync("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.EndsWith("OK", (await dial.EndAsync()).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check51_TlsWithCertificatesOnly()
    {
        await using var scratch = new Scratch();
        var keys = Directory.CreateDirectory(Path.Combine(scratch.Root, "keys")).FullName;
        Certificates(keys, "ca", "cert", "key");
        Certificates(keys, "other-ca", "other-cert", "other-key");
        var port = FreePort();
        var daemon = scratch.Daemon(options: ["-H", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", keys + "/ca.pem", "--tlscert", keys + "/cert.pem", "--tlskey", keys + "/key.pem"]);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        string[] good = ["-H", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", keys + "/ca.pem", "--tlscert", keys + "/cert.pem", "--tlskey", keys + "/key.pem"];
        foreach (var program in (string[])[EngineRoom.SlipwayProgram, EngineRoom.DockerProgram])
        {
            using var run = CommandLine.Start(program, [.. good, "run", "--rm", "-i", "--network", "none", "busybox", "cat"], room.Home);
            await run.WriteAsync("through TLS\n");
            Assert.Equal("through TLS", (await run.EndAsync()).Ok());
        }

        Assert.Equal(0, Slipway([("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", keys)], "-H", $"tcp://127.0.0.1:{port}", "ps").Code);
        string[][] bad =
        [
            ["-H", $"tcp://127.0.0.1:{port}", "ps"],
            ["-H", $"tcp://127.0.0.1:{port}", "--tls", "--tlscacert", keys + "/ca.pem", "ps"],
            ["-H", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", keys + "/ca.pem", "--tlscert", keys + "/other-cert.pem", "--tlskey", keys + "/other-key.pem", "ps"],
            ["-H", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", keys + "/other-ca.pem", "--tlscert", keys + "/cert.pem", "--tlskey", keys + "/key.pem", "ps"],
            ["-H", $"tcp://localhost.localdomain:{port}", "--tlsverify", "--tlscacert", keys + "/ca.pem", "--tlscert", keys + "/cert.pem", "--tlskey", keys + "/key.pem", "ps"],
        ];
        Assert.All(bad, arguments => Assert.NotEqual(0, Slipway([], arguments).Code));
    }

    [Fact]
    public async Task TheSocketInUseIsShared()
    {
        var name = EngineRoom.Name();
        (await room.Client("slipway", "create", "--name", name, "--use-api-socket", "--network", "none", "busybox", "true")).Ok();
        Assert.Equal($"[{room.Daemon.Socket}:/var/run/docker.sock]", await room.Inspect(name, "{{.HostConfig.Binds}}"));
        await room.Remove(name);
    }

    [Fact]
    public async Task BashCompletesVerbsFlagsAndNames()
    {
        var name = await room.Sleeper();
        var script = Path.Combine(room.Home, EngineRoom.Name("complete"));
        await File.WriteAllTextAsync(script, $$"""
            export PATH={{Path.GetDirectoryName(EngineRoom.SlipwayProgram)}}:$PATH
            eval "$(slipway completion bash)"
            ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
              f=$(complete -p slipway | sed 's/.*-F \([^ ]*\).*/\1/'); $f slipway "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; printf '%s|' "${COMPREPLY[@]%% *}"; echo; }
            ask slipway resta
            ask slipway run --netw
            ask slipway stop {{name[..6]}}
            ask slipway image bootst
            """);
        var (code, output, error) = Tool.Try("env", "DOCKER_HOST=" + Socket, "bash", "--norc", script);
        var lines = output.Split('\n');
        Assert.True(code == 0 && lines.Length >= 4, error + output);
        Assert.Contains("restart|", lines[0], StringComparison.Ordinal);
        Assert.Contains("--network", lines[1], StringComparison.Ordinal);
        Assert.Contains(name, lines[2], StringComparison.Ordinal);
        Assert.Contains("bootstrap", lines[3], StringComparison.Ordinal);
        await room.Remove(name);
    }

    private string Socket => "unix://" + room.Daemon.Socket;

    private (int Code, string Output, string Error) Slipway((string Key, string Value)[] variables, params string[] arguments) =>
        Tool.Try("env", ["-u", "DOCKER_HOST", "-u", "SLIPWAY_HOST", .. variables.Select(v => $"{v.Key}={v.Value}"), EngineRoom.SlipwayProgram, .. arguments]);

    private static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void Certificates(string directory, string authority, string certificate, string key)
    {
        Tool.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=" + authority, "-keyout", $"{directory}/{authority}.key", "-out", $"{directory}/{authority}.pem");
        Tool.Run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=engine", "-keyout", $"{directory}/{key}.pem", "-out", $"{directory}/{certificate}.csr");
        File.WriteAllText(directory + "/names", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
        Tool.Run("openssl", "x509", "-req", "-days", "1", "-in", $"{directory}/{certificate}.csr", "-CA", $"{directory}/{authority}.pem", "-CAkey", $"{directory}/{authority}.key", "-CAcreateserial", "-extfile", directory + "/names", "-out", $"{directory}/{certificate}.pem");
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
