using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.DockerApi.Tests;

public sealed class JsonTests
{
    private static ContainerCreateRequest Read(string json) =>
        JsonSerializer.Deserialize(json, DockerJson.Default.ContainerCreateRequest)!;

    [Fact]
    public void ReadsAsGoDoes()
    {
        var request = Read(
            """
            {"image":"busybox","CMD":"ls","Entrypoint":["sh",null],"ExposedPorts":{"80/tcp":{},"81/udp":null},"Tty":null,"User":null,
             "Unknown":{"a":1},"Env":null,
             "HostConfig":{"Memory":"1024","ShmSize":null,"Binds":null,"Init":null,"RestartPolicy":null,"PidsLimit":5,
               "PortBindings":{"80/tcp":[{"HostPort":"8080"}],"81/udp":null}}}
            """);

        Assert.Equal("busybox", request.Image);
        Assert.Equal(["ls"], request.Cmd);
        Assert.Equal(["sh", ""], request.Entrypoint);
        Assert.Equal(["80/tcp", "81/udp"], request.ExposedPorts!.Keys);
        Assert.Equal((false, ""), (request.Tty, request.User));
        Assert.Null(request.Env);
        Assert.Equal("", request.Hostname);
        Assert.Equal((1024L, 0L, 5L), (request.HostConfig!.Memory, request.HostConfig.ShmSize, request.HostConfig.PidsLimit));
        Assert.Null(request.HostConfig.Init);
        Assert.Equal("", request.HostConfig.RestartPolicy.Name);
        Assert.Equal("8080", request.HostConfig.PortBindings!["80/tcp"]![0].HostPort);
    }

    [Theory]
    [InlineData("""{"Cmd":5}""")]
    [InlineData("""{"Cmd":[{}]}""")]
    [InlineData("""{"Env":"A=b"}""")]
    [InlineData("""{"Tty":"yes"}""")]
    [InlineData("""{"HostConfig":{"Memory":"lots"}}""")]
    [InlineData("""{"HostConfig":{"Memory":1.5}}""")]
    [InlineData("""{"HostConfig":{"Memory":99999999999999999999}}""")]
    [InlineData("""{"HostConfig":{"BlkioWeight":-1}}""")]
    [InlineData("""{"HostConfig":[]}""")]
    [InlineData("""{"ExposedPorts":{"80/tcp":1}}""")]
    [InlineData("""{"Image":7}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void RefusesWrongShapes(string json) => Assert.Throws<JsonException>(() => Read(json));

    [Fact]
    public void StoredConfigsRoundTripExactly()
    {
        const string Host = """
            {"Binds":["/a:/b:ro"],"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{}},"NetworkMode":"none",
             "PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"",
             "VolumesFrom":null,"ConsoleSize":[24,80],"CapAdd":null,"CapDrop":null,"CgroupnsMode":"private","Dns":[],
             "DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,"IpcMode":"private","Cgroup":"","Links":null,
             "OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,
             "UTSMode":"","UsernsMode":"","ShmSize":67108864,"Runtime":"runc","Isolation":"","CpuShares":0,"Memory":0,
             "NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":[],
             "BlkioDeviceWriteBps":[],"BlkioDeviceReadIOps":[],"BlkioDeviceWriteIOps":[],"CpuPeriod":0,"CpuQuota":0,
             "CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":[],
             "DeviceCgroupRules":null,"DeviceRequests":null,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,
             "OomKillDisable":null,"PidsLimit":null,"Ulimits":[],"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,
             "IOMaximumBandwidth":0,"MaskedPaths":["/proc/asound"],"ReadonlyPaths":[]}
            """;
        const string Config = """
            {"Hostname":"h","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,
             "OpenStdin":false,"StdinOnce":false,"Env":["A=<&>+é"],"Cmd":["true"],"Image":"busybox","Volumes":null,
             "WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{}}
            """;

        var host = JsonSerializer.Serialize(JsonSerializer.Deserialize(Host, DockerJson.Default.HostConfig), DockerJson.Wire.HostConfig);
        var config = JsonSerializer.Serialize(JsonSerializer.Deserialize(Config, DockerJson.Default.ContainerConfig), DockerJson.Wire.ContainerConfig);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Host), JsonNode.Parse(host)), host);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Config), JsonNode.Parse(config)), config);
        Assert.Contains("A=<&>+é", config, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyListsAndMapsAreWritten()
    {
        var json = JsonSerializer.Serialize(new ContainerSummary(), DockerJson.Wire.ContainerSummary);

        Assert.Contains("\"Ports\":[]", json, StringComparison.Ordinal);
        Assert.Contains("\"Labels\":{}", json, StringComparison.Ordinal);
        Assert.DoesNotContain("SizeRw", json, StringComparison.Ordinal);
    }

    [Fact]
    public void ARequestGivesItsConfigAlone()
    {
        var config = (new ContainerCreateRequest { Image = "a", HostConfig = new() }).ToConfig();

        Assert.Equal(typeof(ContainerConfig), config.GetType());
        Assert.Equal("a", config.Image);
        Assert.DoesNotContain("HostConfig", JsonSerializer.Serialize(config, DockerJson.Wire.ContainerConfig), StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressIsLowerCamelAndSparse() => Assert.Equal(
        """{"status":"Loading","progressDetail":{"current":1,"total":2},"id":"x"}""",
        JsonSerializer.Serialize(
            new JsonMessage { Status = "Loading", Id = "x", ProgressDetail = new() { Current = 1, Total = 2 } }, DockerJson.Wire.JsonMessage));

    [Fact]
    public async Task ValuesAreReadAcrossBufferBoundaries()
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes("""{"ExposedPorts":{"80/tcp":{"x":[1]}},"Cmd":["a","b"],"Tty":true,"HostConfig":{"Memory":1234567890123}}""");
        using var stream = new OneByteStream(bytes);

        var request = (await JsonSerializer.DeserializeAsync(stream, DockerJson.Default.ContainerCreateRequest))!;

        Assert.Equal(1234567890123, request.HostConfig!.Memory);
        Assert.Equal(["80/tcp"], request.ExposedPorts!.Keys);
        Assert.Equal(["a", "b"], request.Cmd);
        Assert.True(request.Tty);
    }

    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
