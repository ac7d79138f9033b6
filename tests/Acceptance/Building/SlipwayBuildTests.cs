using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary><c>slipway build</c> over BuildKit's API: its side of the session, its outputs, its progress.</summary>
[Collection(BuildCollection.Name)]
public sealed class SlipwayBuildTests(EngineRoom room)
{
    [Fact]
    public async Task SecretsContextsAndMetadata()
    {
        const string secret = "s3cr3t-of-slipway";
        var context = new Context(room, "FROM busybox\nARG A\nCOPY --from=more f /f\nRUN --mount=type=secret,id=tok --mount=type=secret,id=e,env=E test \"$E\" = v && wc -c < /run/secrets/tok > /n\nCOPY . /c/\n")
            .Write("kept", "k").Write("left/out", "x").Write("left/in", "i").Write(".dockerignore", "left\n!left/in\nDockerfile\n");
        var more = new Context(room, "").Write("f", "further");
        var (name, files) = (EngineRoom.Name("img"), Path.Combine(room.Home, EngineRoom.Name("files")));
        Directory.CreateDirectory(files);
        File.WriteAllText(Path.Combine(files, "tok"), secret);
        File.WriteAllText(Path.Combine(files, "e"), "v");
        var built = await room.Client("slipway", "build", "--progress=plain", "-t", name, "--build-context", "more=" + more.Path, "--secret", $"id=tok,src={files}/tok", "--secret", $"id=e,src={files}/e",
            "--iidfile", $"{files}/id", "--metadata-file", $"{files}/meta", context.Path);
        built.Ok();
        Assert.Equal($"{secret.Length}\nfurther\n/c/.dockerignore\n/c/kept\n/c/left/in", (await room.Run(name, "sh", "-c", "cat /n /f; echo; find /c -type f | sort")).Ok());
        Assert.Equal(File.ReadAllText($"{files}/id"), await room.Inspect(name, "{{.Id}}"));
        Assert.Contains("\"containerimage.config.digest\": \"sha256:", File.ReadAllText($"{files}/meta"), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, built.Error + room.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheLastBuildsAreRemembered()
    {
        var context = new Context(room, "FROM busybox AS fine\nRUN echo to be read later\nFROM fine\nRUN false\n");
        (await room.Client("slipway", "build", "-q", "--target", "fine", context.Path)).Ok();
        await Plugged.RunAsync(room, "buildx", "build", context.Path);
        var lines = (await room.Client("slipway", "builder", "history")).Ok().Split('\n');
        Assert.StartsWith("BUILD ", lines[0], StringComparison.Ordinal);
        Assert.Matches("^[a-z0-9]+ +Dockerfile +Error ", lines[1]);
        Assert.Matches(@"^[a-z0-9]+ +Dockerfile \(fine\) +Completed ", lines[2]);
        var (failed, good) = (lines[1].Split(' ')[0], lines[2].Split(' ')[0]);
        Assert.Contains("did not complete successfully", (await room.Client("slipway", "builder", "logs")).Ok(), StringComparison.Ordinal);
        await room.Daemon.StopAsync();
        await room.Daemon.StartAsync();
        Assert.Contains("to be read later", (await room.Client("slipway", "builder", "logs", good)).Ok(), StringComparison.Ordinal);
        (await room.Client("slipway", "builder", "forget", good, failed)).Ok();
        Assert.DoesNotContain(good, (await room.Client("slipway", "builder", "history")).Ok(), StringComparison.Ordinal);
        (await room.Client("slipway", "builder", "logs", good)).Fails("no build " + good);
    }

    [Fact]
    public async Task CommandsHaveTheLimitsThatAreGiven()
    {
        var context = new Context(room, "FROM busybox\nRUN (cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us || cat /sys/fs/cgroup/memory.max) 2>/dev/null; ulimit -n; df -k /dev/shm | tail -1; grep there /etc/hosts\n");
        var built = await room.Client("slipway", "build", "--progress=plain", "--no-cache", "--memory", "64m", "--cpu-quota", "50000", "--ulimit", "nofile=333:444", "--shm-size", "8m", "--add-host", "there:10.1.2.3", context.Path);
        built.Ok();
        Assert.Matches(@"[0-9.]+ 67108864\n", built.Error);
        Assert.Matches(@"[0-9.]+ 333\n", built.Error);
        Assert.Matches("shm +8192 ", built.Error);
        Assert.Contains("10.1.2.3", built.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADirectoryOfARepositoryIsAContext()
    {
        var source = new Context(room, "FROM busybox\nRUN false\n").Write("sub/Dockerfile", "FROM busybox\nCOPY . /c/\n").Write("sub/f", "in the directory");
        Tool.Run("git", "-C", source.Path, "init", "-q", "-b", "trunk");
        Tool.Run("git", "-C", source.Path, "add", "-A");
        Tool.Run("git", "-C", source.Path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x");
        File.WriteAllText(Path.Combine(source.Path, ".git", "git-daemon-export-ok"), "");
        var port = FreePort();
        using var daemon = System.Diagnostics.Process.Start("git", ["daemon", "--base-path=" + Path.GetDirectoryName(source.Path), "--listen=127.0.0.1", $"--port={port}", "--reuseaddr"]);
        try
        {
            var address = $"git://127.0.0.1:{port}/{Path.GetFileName(source.Path)}#trunk";
            foreach (var client in (string[])["slipway", "docker"])
            {
                var name = EngineRoom.Name("img");
                string[] arguments = ["build", "-t", name, address + ":sub"];
                for (var attempt = 0; ; attempt++)
                {
                    var built = client == "slipway" ? await room.Client("slipway", arguments) : await Plugged.RunAsync(room, ["buildx", .. arguments]);
                    if (built.Code == 0 || attempt == 20)
                    {
                        built.Ok();
                        break;
                    }

                    await Task.Delay(100);
                }

                Assert.Equal("Dockerfile\nf", (await room.Run(name, "ls", "-A", "/c")).Ok());
            }

            (await room.Client("slipway", "build", address + ":../../etc")).Fails("is no directory of the repository");
        }
        finally
        {
            daemon.Kill(entireProcessTree: true);
        }
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task AnImageThatCannotBeHadIsToldWithItsPlace(string client)
    {
        var failed = await BuildAsync(client, new Context(room, "FROM busybox AS builder\nFROM busybox\nCOPY --from=buidler /x /y\n"));
        failed.Fails("(did you mean builder?)");
        Assert.Contains("Dockerfile:3\n", failed.Error, StringComparison.Ordinal);
        Assert.Contains("   3 | >>> COPY --from=buidler /x /y\n", failed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task TheHostsNetworkIsForThoseWhoAreAllowedIt(string client)
    {
        var context = new Context(room, "FROM busybox\nRUN --network=host cat /sys/class/net/*/address\n");
        (await BuildAsync(client, context)).Fails("network.host is not allowed");
        (await BuildAsync(client, context, "--allow", "network.host")).Ok();
        (await BuildAsync(client, context, "--network", "host")).Ok();
    }

    [Fact]
    public async Task AFailureEndsWithTheStepsOutputAndItsPlace()
    {
        var failed = await room.Client("slipway", "build", "--progress=plain", new Context(room, "FROM busybox\nRUN echo last words; exit 7\n").Path);
        failed.Fails("failed to solve: process \"/bin/sh -c echo last words; exit 7\" did not complete successfully: exit code: 7");
        var end = failed.Error[failed.Error.IndexOf("------\n", StringComparison.Ordinal)..];
        Assert.StartsWith("------\n > [2/2] RUN echo last words; exit 7:\nlast words\n------\nDockerfile:2\n", end, StringComparison.Ordinal);
        Assert.Contains("   2 | >>> RUN echo last words; exit 7\n", end, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task NamesOfOneFileStayNamesOfOneFile(string client)
    {
        var context = new Context(room, "FROM busybox AS b\nCOPY a b d p /x/\nFROM scratch\nCOPY --from=b /x /\n").Write("a", "one").Write("d/e", "x");
        Tool.Run("ln", Path.Combine(context.Path, "a"), Path.Combine(context.Path, "b"));
        Tool.Run("mkfifo", Path.Combine(context.Path, "p"));
        Tool.Run("python3", "-c", $"import os; os.setxattr('{context.Path}/a', 'user.mark', b'kept')");
        var name = EngineRoom.Name("img");
        (await BuildAsync(client, context, "-t", name, "--target", "b")).Ok();
        var numbers = (await room.Run(name, "stat", "-c", "%i", "/x/a", "/x/b")).Ok().Split('\n');
        Assert.Equal(numbers[0], numbers[1]);
        Assert.Equal("fifo", (await room.Run(name, "stat", "-c", "%F", "/x/p")).Ok());
        var archive = Path.Combine(room.Home, name + ".tar");
        (await room.Docker("save", "-o", archive, name)).Ok();
        Assert.Contains("SCHILY.xattr.user.mark=kept", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(archive)), StringComparison.Ordinal);

        if (client == "slipway")
        {
            // The classic endpoint gets links too.
            (await room.Client("slipway", "build", "-q", "--squash=false", "-t", name, "--target", "b", context.Path)).Ok();
            numbers = (await room.Run(name, "stat", "-c", "%i", "/x/a", "/x/b")).Ok().Split('\n');
            Assert.Equal(numbers[0], numbers[1]);
        }

        var output = Path.Combine(room.Home, EngineRoom.Name("out"));
        (await BuildAsync(client, context, "-o", output)).Ok();
        Assert.Single(Tool.Run("stat", "-c", "%i", output + "/a", output + "/b").Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
        Assert.Contains("kept", Tool.Run("python3", "-c", $"import os; print(os.getxattr('{output}/b', 'user.mark'))"), StringComparison.Ordinal);

        // What was one file is two now, and the copy that the engine has of the directory follows.
        File.Delete(Path.Combine(context.Path, "b"));
        context.Write("b", "two");
        (await BuildAsync(client, context, "-t", name, "--target", "b")).Ok();
        Assert.Equal("onetwo", (await room.Run(name, "cat", "/x/a", "/x/b")).Ok());
    }

    private Task<Outcome> BuildAsync(string client, Context context, params string[] options) =>
        client == "slipway" ? room.Client("slipway", ["build", "--progress=plain", .. options, context.Path]) : Plugged.RunAsync(room, ["buildx", "build", "--progress=plain", .. options, context.Path]);

    [Fact]
    public async Task FilesComeBack()
    {
        var context = new Context(room, "FROM busybox AS b\nRUN mkdir -p /o/d && echo x > /o/d/f && chmod 640 /o/d/f && ln -s f /o/d/l && ln /o/d/f /o/d/h\nFROM scratch\nCOPY --from=b /o /\n");
        var directory = Path.Combine(room.Home, EngineRoom.Name("out"));
        (await room.Client("slipway", "build", "-q", "-o", directory, context.Path)).Ok();
        Assert.Equal("x\n", File.ReadAllText(Path.Combine(directory, "d/h")));
        Assert.Equal("f", new FileInfo(Path.Combine(directory, "d/l")).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Path.Combine(directory, "d/f")));
        (await room.Client("slipway", "build", "-q", "-o", $"type=tar,dest={directory}.tar", context.Path)).Ok();
        Assert.Contains("d/f", Tool.Run("tar", "tf", directory + ".tar"), StringComparison.Ordinal);
        (await room.Client("slipway", "build", "-q", "-o", $"type=oci,dest={directory}.oci.tar", context.Path)).Ok();
        Assert.Contains("oci-layout", Tool.Run("tar", "tf", directory + ".oci.tar"), StringComparison.Ordinal);
    }
}
