using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Streams;
using Slipway.Cli.Verbs;

namespace Slipway.Cli.Tests;

public sealed class ValueParserTests
{
    [Theory]
    [InlineData("512m", 536870912)]
    [InlineData("1.5g", 1610612736)]
    [InlineData("64KiB", 65536)]
    [InlineData("10", 10)]
    [InlineData("10b", 10)]
    [InlineData("-1", -1)]
    public void Sizes(string text, long expected) => Assert.Equal(expected, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("1x")]
    [InlineData("1.2.3m")]
    [InlineData("99999999999999999999p")]
    public void BadSizes(string text) => Assert.Throws<FormatException>(() => ByteSize.Parse(text));

    [Theory]
    [InlineData("1h30m", 5_400_000_000_000)]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData("200ms", 200_000_000)]
    [InlineData("0", 0)]
    [InlineData("-1s", -1_000_000_000)]
    public void Durations(string text, long expected) => Assert.Equal(expected, GoDuration.Parse(text));

    [Theory]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("1d")]
    [InlineData("")]
    public void BadDurations(string text) => Assert.Throws<FormatException>(() => GoDuration.Parse(text));

    [Theory]
    [InlineData("80", "80/tcp||")]
    [InlineData("8080:80", "80/tcp||8080")]
    [InlineData("127.0.0.1:8080:80/udp", "80/udp|127.0.0.1|8080")]
    [InlineData("127.0.0.1::80", "80/tcp|127.0.0.1|")]
    [InlineData("[::1]:8080:80", "80/tcp|::1|8080")]
    [InlineData("8000-8001:80-81", "80/tcp||8000 81/tcp||8001")]
    [InlineData("8000-8010:80", "80/tcp||8000-8010")]
    [InlineData("target=80,published=8080,protocol=udp", "80/udp||8080")]
    public void Ports(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PortOptions.Publish(text).Select(p => $"{p.Container}|{p.HostIp}|{p.HostPort}")));

    [Theory]
    [InlineData("80:")]
    [InlineData("99999:80")]
    [InlineData("1.2.3:80:80")]
    [InlineData("80/xyz")]
    [InlineData("1-3:80-81")]
    [InlineData("x")]
    public void BadPorts(string text) => Assert.Throws<FormatException>(() => PortOptions.Publish(text).ToList());

    [Theory]
    [InlineData("type=bind,src=/a,dst=/b,ro,bind-propagation=rslave", """{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}}""")]
    [InlineData("source=v,target=/b,volume-nocopy,volume-opt=type=tmpfs", """{"Type":"volume","Source":"v","Target":"/b","VolumeOptions":{"NoCopy":true,"DriverConfig":{"Options":{"type":"tmpfs"}}}}""")]
    [InlineData("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770", """{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1048576,"Mode":1016}}""")]
    [InlineData("type=volume,target=/t,\"volume-opt=o=a,b\"", """{"Type":"volume","Target":"/t","VolumeOptions":{"DriverConfig":{"Options":{"o":"a,b"}}}}""")]
    public void Mounts(string text, string json) => Assert.Equal(json, MountOptions.Read(text).ToJsonString());

    [Theory]
    [InlineData("type=bind,source=/a", "target is required")]
    [InlineData("type=bind,target=/a,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'")]
    [InlineData("type=bind,target=/a,foo=bar", "unexpected key 'foo' in 'foo=bar'")]
    [InlineData("type=bind,target", "invalid field 'target' must be a key=value pair")]
    public void BadMounts(string text, string message) => Assert.Equal(message, Assert.Throws<FormatException>(() => MountOptions.Read(text)).Message);

    [Theory]
    [InlineData("/dev/fuse", "/dev/fuse /dev/fuse rwm")]
    [InlineData("/dev/a:/dev/b", "/dev/a /dev/b rwm")]
    [InlineData("/dev/a:r", "/dev/a /dev/a r")]
    [InlineData("/dev/a:/dev/b:rw", "/dev/a /dev/b rw")]
    public void Devices(string text, string expected)
    {
        JsonObject device = DeviceOptions.Device(text);
        Assert.Equal(expected, $"{device["PathOnHost"]} {device["PathInContainer"]} {device["CgroupPermissions"]}");
    }

    [Theory]
    [InlineData("nofile=10:20", """{"Name":"nofile","Hard":20,"Soft":10}""")]
    [InlineData("core=-1", """{"Name":"core","Hard":-1,"Soft":-1}""")]
    public void Ulimits(string text, string json) => Assert.Equal(json, UlimitOption.Read(text).ToJsonString());

    [Theory]
    [InlineData("nofile=20:10")]
    [InlineData("what=1")]
    [InlineData("nofile")]
    public void BadUlimits(string text) => Assert.Throws<FormatException>(() => UlimitOption.Read(text));

    [Theory]
    [InlineData("busybox", "busybox", "")]
    [InlineData("host:5000/a/b", "host:5000/a/b", "")]
    [InlineData("host:5000/a:1", "host:5000/a", "1")]
    [InlineData("a@sha256:ff", "a", "sha256:ff")]
    public void ImageNames(string name, string repository, string tag) => Assert.Equal((repository, tag), ImageName.Split(name));

    [Theory]
    [InlineData("manifest unknown", 125)]
    [InlineData("exec: \"x\": executable file not found in $PATH", 127)]
    [InlineData("exec: \"/etc\": permission denied", 126)]
    public void ExitCodes(string message, int code) => Assert.Equal(code, RunVerbs.StartCode(message));

    [Fact]
    public void DetachKeysAreHeldBackAndGivenBack()
    {
        DetachKeys keys = new("");
        byte[] output = new byte[16];

        Assert.False(keys.Pass([1, 16], output, out int length));
        Assert.Equal(1, length);
        Assert.False(keys.Pass([2], output, out length));
        Assert.Equal([16, 2], output[..length]);
        Assert.True(keys.Pass([16, 17, 9], output, out length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void RunBuildsTheRequest()
    {
        FlagTable table = RunFlags.Create().Bool("detach", 'd', "");
        FlagValues flags = FlagParser.Parse(
            table,
            ["-it", "--rm", "-e", "A=1", "-v", "/data", "-v", "/a:/b:ro", "-p", "80:80", "--cpus", "1.5", "--network", "none", "--entrypoint", "", "img", "sh", "-c", "x"],
            flagsFirst: true);
        JsonObject body = CreateRequest.Build(flags);

        Assert.Equal("""["sh","-c","x"]""", body["Cmd"]!.ToJsonString());
        Assert.Equal("""[""]""", body["Entrypoint"]!.ToJsonString());
        Assert.Equal("""{"/data":{}}""", body["Volumes"]!.ToJsonString());
        Assert.Equal("""["/a:/b:ro"]""", body["HostConfig"]!["Binds"]!.ToJsonString());
        Assert.Equal(1_500_000_000, body["HostConfig"]!["NanoCpus"]!.GetValue<long>());
        Assert.Equal("none", body["HostConfig"]!["NetworkMode"]!.GetValue<string>());
        Assert.True(body["StdinOnce"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("--rm --restart=always img", "conflicting options: cannot specify both --restart and --rm")]
    [InlineData("-d -a stdout img", "conflicting options: cannot specify both --attach and --detach")]
    [InlineData("--no-healthcheck --health-cmd=x img", "--no-healthcheck conflicts with --health-* options")]
    public void RunRefusesContradictions(string line, string message)
    {
        FlagTable table = RunFlags.Create().Bool("detach", 'd', "");
        FlagValues flags = FlagParser.Parse(table, line.Split(' '), flagsFirst: true);
        Assert.Equal(message, Assert.Throws<UsageException>(() => CreateRequest.Build(flags)).Message);
    }

    [Theory]
    [InlineData(false, "f", false, "/new", false, false, "/", "new")]
    [InlineData(false, "f", false, "/dir", true, true, "/dir", "f")]
    [InlineData(true, "d", false, "/dir", true, true, "/dir", "d")]
    [InlineData(true, "d", true, "/dir", true, true, "/dir", "")]
    [InlineData(true, "d", false, "new/", false, false, ".", "new")]
    public void CopyTargets(bool directory, string name, bool content, string to, bool exists, bool isDirectory, string where, string target) =>
        Assert.Equal(new CopyTarget(where, target), CopyTarget.Choose(directory, name, content, to, exists, isDirectory));

    [Theory]
    [InlineData(true, "/file", true, "cannot copy directory")]
    [InlineData(false, "/new/", false, "no such directory")]
    public void BadCopies(bool directory, string to, bool exists, string message) =>
        Assert.Equal(message, Assert.Throws<CommandException>(() => CopyTarget.Choose(directory, "x", false, to, exists, false)).Message);
}
