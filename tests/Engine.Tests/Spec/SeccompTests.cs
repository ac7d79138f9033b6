using Slipway.Engine.Containers.Spec;

namespace Slipway.Engine.Tests.Spec;

public sealed class SeccompTests
{
    private static readonly HostFacts Host = HostFacts.Read();

    /// <summary>moby/profiles, seccomp/default.json: families that socket(2) may be called with.</summary>
    private static readonly int[] DockersFamilies =
        [.. Enumerable.Range(0, 12), 13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45];

    [Fact]
    public void SocketFamiliesAreDockers()
    {
        var rules = new SeccompProfiles(Host, "builtin").BuiltIn(CapabilitySets.Default).Syscalls!.Where(rule => rule.Names is ["socket"]).ToList();
        var allowed = Enumerable.Range(0, 4096).Where(family => rules.Any(rule => rule.Args![0].Op == "SCMP_CMP_LT"
            ? (ulong)family < rule.Args[0].Value : ((ulong)family & rule.Args[0].Value) == rule.Args[0].ValueTwo));
        Assert.Equal(DockersFamilies, allowed);
        // The whole 64-bit argument counts.
        Assert.DoesNotContain(rules, rule => rule.Args![0].Op != "SCMP_CMP_LT" && ((1UL << 40 | 16) & rule.Args[0].Value) == rule.Args[0].ValueTwo);
    }

    [Theory]
    [InlineData("io_uring_setup")]
    [InlineData("keyctl")]
    [InlineData("userfaultfd")]
    [InlineData("bpf")]
    [InlineData("mount")]
    [InlineData("setns")]
    [InlineData("unshare")]
    [InlineData("open_by_handle_at")]
    [InlineData("kexec_load")]
    [InlineData("reboot")]
    [InlineData("clone3")]
    public void DangerousCallsAreNotAllowed(string call)
    {
        var profile = new SeccompProfiles(Host, "builtin").BuiltIn(CapabilitySets.Default);
        Assert.Equal("SCMP_ACT_ERRNO", profile.DefaultAction);
        Assert.Equal(1u, profile.DefaultErrnoRet);
        Assert.DoesNotContain(profile.Syscalls!, rule => rule.Action == "SCMP_ACT_ALLOW" && rule.Names.Contains(call));
    }

    [Fact]
    public void CapabilitiesOpenCalls()
    {
        var profiles = new SeccompProfiles(Host, "builtin");
        var admin = profiles.BuiltIn([.. CapabilitySets.Default, "CAP_SYS_ADMIN"]);
        Assert.Contains("clone3", admin.Syscalls![0].Names);
        Assert.Contains("mount", admin.Syscalls[0].Names);
        Assert.DoesNotContain(admin.Syscalls, rule => rule.Action == "SCMP_ACT_ERRNO");
        Assert.Same(admin, profiles.BuiltIn(["CAP_SYS_CHROOT", "CAP_SYS_ADMIN"]));
        Assert.DoesNotContain("chroot", profiles.BuiltIn([]).Syscalls![0].Names);
        Assert.Equal(38u, profiles.BuiltIn([]).Syscalls!.Single(rule => rule.Names is ["clone3"]).ErrnoRet);
    }

    [Fact]
    public void ConditionsOfProfilesHold()
    {
        const string json = """
            {"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[
            {"names":["a"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_CHOWN"]}},
            {"names":["b"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_CHOWN"]}},
            {"name":"c","action":"SCMP_ACT_ALLOW","includes":{"minKernel":"99.0"}},
            {"names":["d"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["s390x"]}},
            {"names":["e"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8","arches":["amd64"]},"args":null,"comment":"x"}]}
            """;
        var spec = new SeccompProfiles(Host, "builtin").Resolve(json, false, ["CAP_CHOWN"])!;
        Assert.Equal(["a", "e"], spec.Syscalls!.SelectMany(rule => rule.Names));
        Assert.Equal(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], spec.Architectures);
        Assert.Null(new SeccompProfiles(Host, "builtin").Resolve(null, privileged: true, []));
        Assert.Null(new SeccompProfiles(Host, "unconfined").Resolve(null, privileged: false, []));
    }

    [Theory]
    [InlineData("{", "Decoding seccomp profile failed")]
    [InlineData("[]", "Decoding seccomp profile failed")]
    [InlineData("null", "Decoding seccomp profile failed")]
    [InlineData("/etc/passwd", "Decoding seccomp profile failed")]
    [InlineData("""{"defaultAction":"X"}""", "unknown default action")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","architectures":["a"],"archMap":[{"architecture":"b"}]}""", "use either 'architectures' or 'archMap'")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}]}""", "use either 'name' or 'names'")]
    public void BadProfilesAreRefused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<EngineException>(() => SeccompProfiles.ParseProfile(json)).Message);
}
