using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;

namespace Slipway.Engine.Tests.Spec;

public sealed class MountPlanTests
{
    private static IReadOnlyList<ContainerMount> Build(HostConfig host, ContainerConfig? config = null, params ContainerMount[] others) =>
        MountPlan.Build(host, config ?? new ContainerConfig(), name => name == "other" ? others : throw EngineException.NotFound("No such container: " + name));

    public static TheoryData<HostConfig, string> Bad => new()
    {
        { new() { Binds = [""] }, "invalid volume specification: ''" },
        { new() { Binds = [":/a"] }, "invalid volume specification: ':/a'" },
        { new() { Binds = ["/a:ro"] }, "invalid volume specification: '/a:ro'" },
        { new() { Binds = ["/a:/b:ro:x"] }, "invalid volume specification: '/a:/b:ro:x'" },
        { new() { Binds = ["/a:/b:x"] }, "invalid mode: x" },
        { new() { Binds = ["/a:/b:ro,rw"] }, "invalid mode: ro,rw" },
        { new() { Binds = ["/a:b"] }, "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute" },
        { new() { Binds = ["/a:/"] }, "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'" },
        { new() { Binds = ["/a:/b/.."] }, "invalid volume specification: '/a:/b/..': invalid mount config for type \"bind\": invalid specification: destination can't be '/'" },
        { new() { Binds = ["/a:/x", "/b:/x/"] }, "Duplicate mount point: /x" },
        { new() { Binds = ["/a:/x"], Tmpfs = new Dictionary<string, string> { ["/x"] = "" } }, "Duplicate mount point: /x" },
        { new() { Tmpfs = new Dictionary<string, string> { ["/x"] = "evil=1" } }, "invalid tmpfs option [\"evil=1\"]" },
        { new() { VolumesFrom = ["other:x"] }, "invalid mode: x" },
        { new() { VolumesFrom = ["nope"] }, "No such container: nope" },
        { new() { Mounts = [new() { Type = "bind", Source = "/no/such", Target = "/x" }] }, "invalid mount config for type \"bind\": bind source path does not exist: /no/such" },
        { new() { Mounts = [new() { Type = "bind", Target = "/x" }] }, "invalid mount config for type \"bind\": field Source must not be empty" },
        { new() { Mounts = [new() { Type = "x", Target = "/x" }] }, "invalid mount config for type \"x\": mount type unknown" },
        { new() { Mounts = [new() { Type = "tmpfs" }] }, "invalid mount config for type \"tmpfs\": field Target must not be empty" },
        { new() { Mounts = [new() { Type = "tmpfs", Target = "/x", Source = "y" }] }, "invalid mount config for type \"tmpfs\": field Source must not be specified" },
        { new() { Mounts = [new() { Type = "volume", Target = "/x", ReadOnly = true }] }, "invalid mount config for type \"volume\": must not set ReadOnly mode when using anonymous volumes" },
        { new() { Mounts = [new() { Type = "volume", Target = "/x", Source = "vv", VolumeOptions = new() { Subpath = "../y" } }] }, "invalid mount config for type \"volume\": subpath must be a relative path within the volume" },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void BadMountsAreRefused(HostConfig host, string message) => Assert.Equal(message, Assert.Throws<EngineException>(() => Build(host)).Message);

    [Fact]
    public void VolumeNamesAreChecked() =>
        Assert.Contains("includes invalid characters for a local volume name", Assert.Throws<EngineException>(() => Build(new() { Binds = ["../x:/y"] })).Message);

    [Fact]
    public async Task AllKindsCombineParentsFirst()
    {
        var host = new HostConfig
        {
            Binds = ["/host//a/:/a/b/c:ro,rslave", "named:/a:nocopy"], VolumesFrom = ["other:ro"],
            Mounts = [new Mount { Type = "volume", Target = "/m", VolumeOptions = new() { Labels = new Dictionary<string, string> { ["k"] = "v" } } }],
        };
        var config = new ContainerConfig { Volumes = new Dictionary<string, EmptyObject> { ["/image"] = default, ["/a"] = default } };
        var mounts = Build(host, config, new ContainerMount { Type = "volume", Name = "o", Source = "/vol/o", Destination = "/o" });
        Assert.Equal(["/a", "/image", "/m", "/o", "/a/b/c"], mounts.Select(mount => mount.Destination));
        Assert.Equal(("bind", "/host/a", false, "rslave", "ro,rslave"), (mounts[4].Type, mounts[4].Source, mounts[4].ReadWrite, mounts[4].Propagation, mounts[4].Mode));
        Assert.True(mounts[0].NoCopy);
        Assert.False(mounts[3].ReadWrite);
        Assert.True(mounts[1].Anonymous && mounts[1].Name.Length == 64);
        var asked = new List<VolumeRequest>();
        var resolved = await MountPlan.ResolveAsync(mounts, request =>
        {
            asked.Add(request);
            return Task.FromResult(("/vol/" + request.Name, "local"));
        });
        Assert.Equal(3, asked.Count);
        Assert.Equal("v", asked.Single(request => request.Labels.Count > 0).Labels["k"]);
        Assert.Equal("/vol/named", resolved[0].Source);
        Assert.Equal("/vol/o", resolved[3].Source);
    }

    [Fact]
    public void ImageMountsAreReadOnly()
    {
        var mount = Build(new() { Mounts = [new() { Type = "image", Source = "busybox", Target = "/i", ImageOptions = new() { Subpath = "bin" } }] }).Single();
        Assert.Equal(("image", "busybox", "bin", false), (mount.Type, mount.Name, mount.Subpath, mount.ReadWrite));
    }

    [Fact]
    public void MissingSourcesOfTheShortNotationAreMade()
    {
        var directory = Directory.CreateTempSubdirectory("slipway-bind-").FullName;
        try
        {
            BindSources.Ensure(Build(new() { Binds = [directory + "/a/b:/x"] }));
            Assert.True(Directory.Exists(directory + "/a/b"));
            var gone = new ContainerMount { Type = "bind", Source = directory + "/gone", Destination = "/x", Spec = new Mount { Type = "bind" } };
            Assert.Contains("bind source path does not exist", Assert.Throws<EngineException>(() => BindSources.Ensure([gone])).Message);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
