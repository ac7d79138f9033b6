using System.Diagnostics;
using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Spec;

/// <summary>Runs containers with the specification under test: a busybox root, the real runc, no engine around.</summary>
public sealed class SpecRig : IDisposable
{
    private static readonly string[] Applets = ["sh", "cat", "id", "mount", "ls", "env", "stat", "grep", "touch", "mkdir", "hostname", "sleep", "true", "echo", "wc", "tty", "sysctl", "unshare", "head", "cut", "ulimit", "pwd"];

    private readonly string _directory = Directory.CreateTempSubdirectory("slipway-spec-").FullName;

    public SpecRig()
    {
        Host = HostFacts.Read();
        foreach (var name in (ReadOnlySpan<string>)["bin", "etc", "proc", "sys", "dev", "tmp", "root", "sbin"])
        {
            Directory.CreateDirectory(Path.Combine(RootFs, name));
        }

        File.Copy("/bin/busybox", Path.Combine(RootFs, "bin/busybox"));
        foreach (var applet in Applets)
        {
            File.CreateSymbolicLink(Path.Combine(RootFs, "bin", applet), "busybox");
        }

        Write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001:Alice:/home/alice:/bin/sh\n1234:x:0:0:trick:/root:/bin/sh\n");
        Write("etc/group", "root:x:0:\nalice:x:1001:\nwheel:x:10:alice,root\naudio:x:29:alice\n");
    }

    public HostFacts Host { get; }

    public EngineOptions Options { get; init; } = new() { DataRoot = "/unused", ExecRoot = "/unused", CgroupParent = "/slipway-spec-test", DefaultRuntime = "runc" };

    public string RootFs => Path.Combine(_directory, "rootfs");

    public string Id { get; } = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()) + new string('0', 32);

    public void Write(string path, string content) => File.WriteAllText(Path.Combine(RootFs, path), content);

    /// <summary>The record of a container that runs a shell script.</summary>
    public ContainerRecord Record(string script, HostConfig? host = null, Func<ContainerConfig, ContainerConfig>? change = null)
    {
        var config = new ContainerConfig { Cmd = ["sh", "-c", script] };
        config = change is null ? config : change(config);
        var request = new ContainerCreateRequest
        {
            Cmd = config.Cmd, Env = config.Env, User = config.User, WorkingDir = config.WorkingDir, Hostname = config.Hostname,
            Domainname = config.Domainname, Tty = config.Tty, Volumes = config.Volumes, HostConfig = (host ?? new HostConfig()) with { NetworkMode = host?.NetworkMode is { Length: > 0 } mode ? mode : "none" },
        };
        var normal = ContainerRequestValidator.Normalize(request, null, Id, Options, Host);
        return new ContainerRecord
        {
            Id = Id, Name = "test", Created = DateTimeOffset.UnixEpoch, Config = normal.Config, HostConfig = normal.HostConfig, Path = normal.Path, Args = normal.Args,
            Mounts = MountPlan.Build(normal.HostConfig, normal.Config, _ => []),
        };
    }

    public RuntimeSpec Spec(ContainerRecord record, Func<SpecInputs, SpecInputs>? change = null)
    {
        using var root = SafePath.Open(RootFs);
        var user = RootUsers.Resolve(root, record.Config.User, record.HostConfig.GroupAdd ?? []);
        var inputs = new SpecInputs { Record = record, RootFs = RootFs, User = user, CgroupPath = SpecFactory.CgroupPath(record, Options), Mounts = record.Mounts };
        return new SpecFactory(Options, Host, new SeccompProfiles(Host, Options.SeccompProfile)).Create(change is null ? inputs : change(inputs));
    }

    /// <summary>Runs a container to its end and gives what it printed.</summary>
    public string Run(string script, HostConfig? host = null, Func<ContainerConfig, ContainerConfig>? change = null) => Run(Spec(Record(script, host, change)));

    public string Run(RuntimeSpec spec)
    {
        Write(spec);
        using var process = Process.Start(Runtime("runc", redirect: true, "run", "-b", _directory, Id))!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output + error.Result;
    }

    /// <summary>The filter that crun compiles for a specification, taken from a container that is created and never started.</summary>
    public byte[] FilterOfCrun(RuntimeSpec spec)
    {
        Write(spec);
        // Its init keeps the output open, so nobody waits for the end of that.
        using (var create = Process.Start(Runtime("crun", redirect: false, "create", "-b", _directory, Id))!)
        {
            create.WaitForExit();
        }

        try
        {
            return File.ReadAllBytes(Path.Combine(_directory, "state", Id, "seccomp.bpf"));
        }
        finally
        {
            using var delete = Process.Start(Runtime("crun", redirect: false, "delete", "--force", Id))!;
            delete.WaitForExit();
        }
    }

    private void Write(RuntimeSpec spec) =>
        File.WriteAllBytes(Path.Combine(_directory, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, RuntimeJson.Default.RuntimeSpec));

    private ProcessStartInfo Runtime(string name, bool redirect, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(name) { RedirectStandardOutput = redirect, RedirectStandardError = redirect, RedirectStandardInput = redirect };
        foreach (var argument in (ReadOnlySpan<string>)["--root", Path.Combine(_directory, "state"), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    public void Dispose()
    {
        foreach (var hierarchy in Directory.EnumerateDirectories("/sys/fs/cgroup").Select(path => Path.Combine(path, "slipway-spec-test")).Where(Directory.Exists))
        {
            foreach (var group in Directory.EnumerateDirectories(hierarchy).Append(hierarchy))
            {
                try
                {
                    Directory.Delete(group);
                }
                catch (IOException)
                {
                    // Another test's container still lives below it.
                }
            }
        }

        Directory.Delete(_directory, recursive: true);
    }
}
