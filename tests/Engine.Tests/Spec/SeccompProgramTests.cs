using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Spec;

/// <summary>Filters that the engine compiles are those that the runtime would have compiled.</summary>
public sealed class SeccompProgramTests : IDisposable
{
    private readonly SpecRig _rig = new();
    private readonly IReadOnlyList<Microsoft.Win32.SafeHandles.SafeFileHandle> _controllers;
    private readonly string _scratch = Directory.CreateTempSubdirectory("slipway-controllers-").FullName;

    public SeccompProgramTests() => _controllers = Cgroups.TakeUnifiedControllers(_scratch);

    [Fact]
    public void TheBuiltInProfileCompilesToCrunsProgram()
    {
        var spec = _rig.Spec(_rig.Record("true"));
        Assert.Equal(_rig.FilterOfCrun(spec), SeccompPrograms.Compile(spec.Linux!.Seccomp!));
    }

    [Fact]
    public void SoDoOthers()
    {
        const string profile = """
            {"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[
             {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95},
             {"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_GT"},{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]},
             {"names":["no_such_call"],"action":"SCMP_ACT_KILL"}]}
            """;
        var spec = _rig.Spec(_rig.Record("true", new HostConfig { SecurityOpt = ["seccomp=" + profile] }));
        Assert.Equal(_rig.FilterOfCrun(spec), SeccompPrograms.Compile(spec.Linux!.Seccomp!));
    }

    [Fact]
    public void WhatOnlyTheRuntimeCanDoIsLeftToIt()
    {
        Assert.Null(SeccompPrograms.Compile(new SeccompSpec { DefaultAction = "SCMP_ACT_ALLOW", ListenerPath = "/run/agent" }));
        Assert.Null(SeccompPrograms.Compile(new SeccompSpec { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new() { Names = ["mount"], Action = "SCMP_ACT_NOTIFY" }] }));
        Assert.Null(SeccompPrograms.Compile(new SeccompSpec { DefaultAction = "SCMP_ACT_NONSENSE" }));
    }

    [Fact]
    public void AProgramIsOfferedOnceItIsThere()
    {
        var profiles = new SeccompProfiles(_rig.Host, "builtin");
        var profile = profiles.BuiltIn(CapabilitySets.Default);
        Assert.True(SpinWait.SpinUntil(() => profiles.Program(profile) is not null, TimeSpan.FromSeconds(10)));
        Assert.Equal(SeccompPrograms.Compile(profile), Convert.FromBase64String(profiles.Program(profile)!));
    }

    [Fact]
    public void AContainerCannotBringItsOwnProgram()
    {
        var record = _rig.Record("true", new HostConfig { Annotations = new Dictionary<string, string> { ["run.oci.seccomp_bpf_data"] = "BgAAAAAA/38=", ["mine"] = "1" } });
        Assert.Equal(["mine"], _rig.Spec(record).Annotations!.Keys);
    }

    public void Dispose()
    {
        foreach (var controller in _controllers)
        {
            controller.Dispose();
        }

        Directory.Delete(_scratch);
        _rig.Dispose();
    }
}
