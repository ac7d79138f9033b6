using System.Formats.Tar;
using System.Security.Cryptography;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Reliability checks 40, 42, 44 and 46–50: containers, images and host users that try to get out, up or in.</summary>
[Collection(MakingCollection.Name)]
public sealed class HostileTests(EngineRoom room)
{
    private const string Calls =
        """
        import ctypes, errno, os, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def call(name, number, *args):
            ctypes.set_errno(0)
            result = libc.syscall(number, *args)
            print(name, errno.errorcode.get(ctypes.get_errno(), '?') if result < 0 else 'OK')
        def sock(name, *args):
            try:
                socket.socket(*args).close()
                print(name, 'OK')
            except OSError as e:
                print(name, errno.errorcode[e.errno])
        sock('AF_ALG', 38, socket.SOCK_SEQPACKET)
        sock('AF_VSOCK', 40, socket.SOCK_STREAM)
        sock('AF_PACKET', 17, socket.SOCK_RAW)
        call('mount', 165, b'none', b'/tmp', b'tmpfs', 0, 0)
        call('umount2', 166, b'/proc', 0)
        call('unshare', 272, 0x10000000)
        call('setns', 308, 0, 0)
        call('keyctl', 250, 0, -3, 0)
        call('add_key', 248, b'user', b'x', b'y', 1, -3)
        call('bpf', 321, 0, 0, 0)
        call('io_uring_setup', 425, 1, 0)
        call('clone3', 435, 0, 0)
        call('clone', 56, 0x10000000 | 17, 0, 0, 0, 0)
        call('ptrace', 101, 16, 1, 0, 0)
        call('perf_event_open', 298, 0, 0, -1, -1, 0)
        call('userfaultfd', 323, 0)
        call('open_by_handle_at', 304, -100, 0, 0)
        call('kexec_load', 246, 0, 0, 0, 0)
        call('init_module', 175, 0, 0, b'')
        call('reboot', 169, 0, 0, 0, 0)
        call('swapon', 167, b'/x', 0)
        call('settimeofday', 164, 0, 0)
        call('pivot_root', 155, b'/', b'/')
        call('fsopen', 430, b'tmpfs', 0)
        call('open_tree', 428, -100, b'/', 0)
        call('iopl', 172, 3)
        call('personality', 135, 0x0400000)
        call('mknod', 133, b'/tmp/disk', 0o60666, os.makedev(8, 0))
        call('open_disk', 2, b'/tmp/disk', 0)
        """;

    [Fact]
    public async Task Check47_SystemCallsAreRefusedAsDocumented()
    {
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
        {
            return;
        }

        var answers = (await room.Run("-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro", "busybox", "/usr/bin/python3", "-c", Calls)).Lines();
        var allowed = new Dictionary<string, string> { ["clone3"] = "ENOSYS", ["AF_PACKET"] = "OK", ["mknod"] = "OK" };
        Assert.Equal(29, answers.Length);
        Assert.All(answers.Select(line => line.Split(' ')), answer => Assert.Equal((answer[0], allowed.GetValueOrDefault(answer[0], "EPERM")), (answer[0], answer[1])));
        Assert.NotEqual(0, (await room.Run("busybox", "busybox", "sysctl", "-w", "kernel.panic=1")).Code);
    }

    [Fact]
    public async Task Check46_NumbersAreIdsAndHugeFilesAreBounded()
    {
        var users = Path.Combine(room.Home, EngineRoom.Name("passwd"));
        await File.WriteAllTextAsync(users, "first:x:7:7::/:/bin/sh\n0:x:1000:1000::/:/bin/sh\n12:x:0:0::/:/bin/sh\n");
        var name = EngineRoom.Name();
        (await room.Docker("create", "--name", name, "--network", "none", "busybox", "true")).Ok();
        (await room.Docker("cp", users, name + ":/etc/passwd")).Ok();
        (await room.Docker("commit", name, name)).Ok();
        foreach (var user in (string[])["0", "12", "13", "7"])
        {
            Assert.Equal(user, (await room.Run("--user=" + user, name, "id", "-u")).Ok());
        }

        var huge = users + ".huge";
        using (var file = File.Create(huge))
        {
            file.Write("root:x:0:\n"u8);
            file.SetLength(1L << 30);
        }

        var before = Memory();
        var outcome = await room.Run("-v", huge + ":/etc/group", "--user", "12:root", name, "id", "-g");
        Assert.True(outcome.Code is 0 or 125 or 126, $"{outcome}");
        Assert.True(outcome.Code != 0 || outcome.Ok() == "0", outcome.Output);
        var sleeper = await room.Sleeper("-v", huge + ":/etc/passwd");
        Assert.NotEqual("0", (await room.Docker("exec", "--user", "nobody-here", sleeper, "id", "-u")).Output.Trim());
        Assert.True(Memory() < before + (200L << 20), $"{before} bytes, then {Memory()}");
        await room.Remove(name, sleeper);
        (await room.Docker("rmi", name)).Ok();
    }

    [Fact]
    public async Task Check44_DescriptorsAndProgramsOfTheEngineAreOutOfReach()
    {
        string[] programs = [PrivateDaemonProgram, "/usr/sbin/runc", "/usr/bin/crun", "/usr/bin/conmon"];
        var before = programs.Where(File.Exists).Select(Hash).ToList();
        var sleeper = await room.Sleeper();
        var host = Tool.Run("cat", "/etc/machine-id").Trim();
        foreach (var path in Enumerable.Range(3, 12).Select(n => $"/proc/self/fd/{n}").Append("/proc/1/root").Append("/proc/self/exe"))
        {
            const string Look = "cat ../../../../etc/machine-id ../../etc/machine-id ./etc/machine-id 2>/dev/null; pwd";
            Assert.DoesNotContain(host, (await room.Run("-w", path, "busybox", "sh", "-c", Look)).Output, StringComparison.Ordinal);
            Assert.DoesNotContain(host, (await room.Docker("exec", "-w", path, sleeper, "sh", "-c", Look)).Output, StringComparison.Ordinal);
        }

        const string Overwrite = "for i in $(seq 1 200); do for p in /proc/[0-9]*/exe; do (echo x > $p) 2>/dev/null && echo wrote $p; done; done";
        var attack = room.Docker("exec", sleeper, "sh", "-c", Overwrite);
        for (var i = 0; i < 20; i++)
        {
            await room.Docker("exec", sleeper, "/proc/self/exe", "--version");
        }

        Assert.DoesNotContain("wrote", (await attack).Output, StringComparison.Ordinal);
        Assert.NotEqual(0, (await room.Run("--entrypoint", "/proc/self/exe", "busybox", "--no-such-option")).Code);
        Assert.Equal(before, programs.Where(File.Exists).Select(Hash));
        await room.Remove(sleeper);
    }

    [Fact]
    public async Task Check40_ProgramsAndLibrariesOfTheContainerAreNotTheEngines()
    {
        var box = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("packed"))).FullName;
        var ran = Path.Combine(box, "ran");
        await File.WriteAllTextAsync(Path.Combine(box, "fake"), $"#!/bin/sh\ntouch {ran} /ran\nexec cat\n");
        await File.WriteAllTextAsync(Path.Combine(box, "nsswitch.conf"), "passwd: evil\ngroup: evil\nhosts: evil\n");
        File.SetUnixFileMode(Path.Combine(box, "fake"), (UnixFileMode)0b111_101_101);
        var name = await room.Sleeper();
        (await room.Docker("exec", name, "mkdir", "-p", "/usr/bin", "/lib/x86_64-linux-gnu", "/lib64")).Ok();
        foreach (var target in (string[])["/bin/xz", "/bin/unxz", "/bin/zstd", "/bin/bzip2", "/bin/gzip", "/usr/bin/xz", "/usr/bin/zstd", "/usr/bin/unpigz", "/lib/libnss_evil.so.2", "/lib/libnss_files.so.2", "/lib/x86_64-linux-gnu/libnss_evil.so.2", "/lib64/liblzma.so.5", "/lib64/libzstd.so.1"])
        {
            (await room.Docker("cp", Path.Combine(box, "fake"), name + ":" + target)).Ok();
        }

        (await room.Docker("cp", Path.Combine(box, "nsswitch.conf"), name + ":/etc/nsswitch.conf")).Ok();
        foreach (var way in (string[])["--gzip", "--bzip2", "--xz", "--zstd"])
        {
            var archive = Path.Combine(box, way[2..]);
            await File.WriteAllTextAsync(Path.Combine(box, "from" + way), way);
            Tool.Run("tar", way, "-C", box, "-cf", archive, "from" + way);
            Assert.Equal("200", Tool.Run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", room.Daemon.Socket, "-T", archive, $"http://engine/containers/{name}/archive?path=/tmp"));
            Assert.Equal(way, (await room.Docker("exec", name, "cat", "/tmp/from" + way)).Ok());
        }

        (await room.Docker("cp", "-a", name + ":/tmp", Path.Combine(box, "back"))).Ok();
        Assert.Equal("unable to find user evil: no matching entries in passwd file", (await room.Docker("exec", "--user", "evil", name, "true")).Exits(126));
        Assert.DoesNotContain("ran", (await room.Docker("exec", name, "ls", "/")).Lines());
        Assert.False(File.Exists(ran) || File.Exists("/ran"));
        Assert.DoesNotContain("evil", await File.ReadAllTextAsync($"/proc/{room.Daemon.Pid}/maps"), StringComparison.Ordinal);
        await room.Remove(name);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("link up")]
    [InlineData("fifo")]
    [InlineData("directory")]
    [InlineData("file")]
    public async Task Check42_WhereTheEngineMountsAndReadsIsSomethingElse(string kind)
    {
        var victim = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("victim"))).FullName;
        await File.WriteAllTextAsync(Path.Combine(victim, "file"), "root:x:0:0::/:/bin/sh\n");
        var (name, archive) = (EngineRoom.Name(), victim + ".tar");
        await using (var program = File.OpenRead("/bin/busybox"))
        await using (var tar = new TarWriter(File.Create(archive)))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox") { Mode = (UnixFileMode)0b111_101_101, DataStream = program });
            foreach (var path in (string[])["etc/passwd", "etc/group", "etc/hosts", "etc/hostname", "etc/resolv.conf", "proc", "dev", "sys"])
            {
                var target = path.StartsWith("etc/", StringComparison.Ordinal) ? victim + "/file" : victim;
                await tar.WriteEntryAsync(kind switch
                {
                    "link" => new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target },
                    "link up" => new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = "../../../../../.." + target },
                    "fifo" => new PaxTarEntry(TarEntryType.Fifo, path),
                    "directory" => new PaxTarEntry(TarEntryType.Directory, path) { Mode = (UnixFileMode)0b111_101_101 },
                    _ => new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(RandomNumberGenerator.GetBytes(1 << 20)) },
                });
            }
        }

        (await room.Docker("import", archive, name)).Ok();
        foreach (var options in (string[][])[[], ["--user", "someone"], ["--user", "7:somegroup"], ["--read-only"], ["--tmpfs", "/dev/shm"], ["--init"]])
        {
            var outcome = await room.Docker(["run", "--rm", "--network", "none", .. options, name, "/bin/busybox", "echo", "alive"]).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(outcome.Code == 0 ? outcome.Output == "alive\n" : outcome.Code is 125 or 126 or 127 && outcome.Error.Contains("Error response from daemon", StringComparison.Ordinal), $"{outcome}");
        }

        Assert.Equal([Path.Combine(victim, "file")], Directory.GetFileSystemEntries(victim));
        Assert.Equal("root:x:0:0::/:/bin/sh\n", await File.ReadAllTextAsync(Path.Combine(victim, "file")));
        Assert.Equal("", (await room.Docker("ps", "-aq", "--filter", "ancestor=" + name)).Ok());
        (await room.Docker("rmi", name)).Ok();
    }

    [Fact]
    public async Task Check48_AnImagesConfigurationIsData()
    {
        var outside = Path.Combine(room.Home, EngineRoom.Name("outside"));
        var name = EngineRoom.Name();
        (await room.Docker("create", "--name", name, "--network", "none", "busybox", "true")).Ok();
        (await room.Docker(
            "commit", "-c", $"VOLUME [\"/../../..{outside}\"]", "-c", "LABEL com.docker.compose.project=x io.slipway.data-root=/ slipway.host.path=/etc", "-c", "ENV PATH=/bin LD_PRELOAD=/evil.so SLIPWAY_HOST=tcp://1.2.3.4 DOCKER_HOST=x",
            "-c", $"HEALTHCHECK --interval=200ms CMD touch {outside}.health; $(touch {outside}.sub)", "-c", "WORKDIR /../../../x", "-c", "STOPSIGNAL 9", name, name)).Ok();
        var run = await room.Background(name, "sh", "-c", $"pwd; ls -d {outside}; sleep 1000");
        await Wait.UntilAsync("its health is checked", async () => (await room.Inspect(run, "{{.State.Health.Status}}")) != "starting");
        Assert.Equal(["/x", outside], (await room.Docker("logs", run)).Lines());
        Assert.Empty(Directory.GetFileSystemEntries(room.Home, Path.GetFileName(outside) + "*"));
        await room.Remove(name, run);
        (await room.Docker("rmi", name)).Ok();
    }

    [Fact]
    public async Task Check50_OtherUsersOfTheHostReadAndReachNothing()
    {
        var id = await room.Daemon.RunAsync("echo secret; sleep 1000", host: "\"Binds\":[\"guarded:/v\"]");
        string[] doors =
        [
            $"import socket; socket.socket(socket.AF_UNIX).connect('{room.Daemon.Socket}')",
            .. new[] { "", "/containers", $"/containers/{id}", "/volumes", "/volumes/guarded/_data", "/content", "/snapshots", "/snapshots/1/fs/bin" }.Select(path => $"import os; os.listdir('{room.Daemon.DataRoot}{path}')"),
            .. new[] { "", $"/containers/{id}", "/runc", "/exits" }.Select(path => $"import os; os.listdir('{room.Daemon.ExecRoot}{path}')"),
            .. new[] { "/state.db", $"/containers/{id}/container.log", $"/containers/{id}/record.json", "/content/index.json" }.Select(path => $"open('{room.Daemon.DataRoot}{path}')"),
            .. new[] { $"/containers/{id}/config.json", "/events.log" }.Select(path => $"open('{room.Daemon.ExecRoot}{path}')"),
        ];
        foreach (var door in doors)
        {
            var (code, _, error) = Tool.Try("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", door);
            Assert.True(code != 0 && error.Contains("PermissionError", StringComparison.Ordinal), $"{door}: {error}");
        }

        Assert.Equal("660", Tool.Run("stat", "-c", "%a", room.Daemon.Socket).Trim());
        Assert.Contains(Tool.Run("stat", "-c", "%a", room.Daemon.DataRoot).Trim(), new[] { "700", "710", "711" });
        await room.Daemon.RemoveAsync(id);
        await room.Daemon.CallAsync("DELETE", "/volumes/guarded");
    }

    private static string PrivateDaemonProgram { get; } = PrivateDaemon.Program + ".dll";

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));

    private long Memory() => 1024 * long.Parse(
        File.ReadLines($"/proc/{room.Daemon.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
