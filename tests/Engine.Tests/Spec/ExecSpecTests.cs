using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;

namespace Slipway.Engine.Tests.Spec;

public sealed class ExecSpecTests : IDisposable
{
    private readonly SpecRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void AnExecRunsInTheContainersTerms()
    {
        var record = _rig.Record("true", new HostConfig { SecurityOpt = ["no-new-privileges"], CapDrop = ["CHOWN"] }, config => config with { Env = ["A=1"], WorkingDir = "/w" });
        var factory = new ExecSpecFactory(new SpecFactory(_rig.Options, _rig.Host, new SeccompProfiles(_rig.Host, "builtin")), _rig.Options);
        var user = new ResolvedUser(5, 6, [6], "/");
        var process = factory.Create(record, new ExecCreateRequest { Cmd = ["ls", "-l"], Env = ["B=2", "A"], Tty = true, ConsoleSize = [24, 80] }, user);
        Assert.Equal(["ls", "-l"], process.Args);
        Assert.Equal([ProcessEnvironment.DefaultPath, "HOSTNAME=" + record.Config.Hostname, "TERM=xterm", "B=2"], process.Env);
        Assert.Equal(("/w", 5u, 6u, true, true), (process.Cwd, process.User.Uid, process.User.Gid, process.Terminal, process.NoNewPrivileges));
        Assert.Equal((24u, 80u), (process.ConsoleSize!.Height, process.ConsoleSize.Width));
        Assert.DoesNotContain("CAP_CHOWN", process.Capabilities!.Effective!);
        Assert.Null(process.Capabilities.Inheritable);
        Assert.Equal(_rig.Host.Capabilities, factory.Create(record, new ExecCreateRequest { Cmd = ["x"], Privileged = true }, user).Capabilities!.Bounding);
    }

    [Fact]
    public void AnExecNeedsACommand() =>
        Assert.Equal("No exec command specified", Assert.Throws<EngineException>(() => ExecSpecFactory.Validate(new ExecCreateRequest())).Message);
}
