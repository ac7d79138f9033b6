namespace Slipway.Oci.Tests;

public sealed class ReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io", "library/busybox", null, "busybox")]
    [InlineData("busybox:1.36", "docker.io", "library/busybox", "1.36", "busybox:1.36")]
    [InlineData("docker.io/busybox", "docker.io", "library/busybox", null, "busybox")]
    [InlineData("index.docker.io/library/busybox", "docker.io", "library/busybox", null, "busybox")]
    [InlineData("docker.io/library/foo/bar", "docker.io", "library/foo/bar", null, "library/foo/bar")]
    [InlineData("team/app:v1", "docker.io", "team/app", "v1", "team/app:v1")]
    [InlineData("localhost/app", "localhost", "app", null, "localhost/app")]
    [InlineData("localhost:5000/a/b__c.d--e:T_1.x-", "localhost:5000", "a/b__c.d--e", "T_1.x-", "localhost:5000/a/b__c.d--e:T_1.x-")]
    [InlineData("[2001:db8::1]:5000/app", "[2001:db8::1]:5000", "app", null, "[2001:db8::1]:5000/app")]
    [InlineData("UPPER/app", "UPPER", "app", null, "UPPER/app")]
    [InlineData("localhost:5000", "docker.io", "library/localhost", "5000", "localhost:5000")]
    public void ReadsDockersGrammar(string text, string domain, string path, string? tag, string familiar)
    {
        var reference = Reference.Parse(text);

        Assert.Equal((domain, path, tag), (reference.Domain, reference.Path, reference.Tag));
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference, Reference.Parse(reference.ToString()));
        Assert.Equal(reference, Reference.Parse(reference.Familiar));
    }

    [Fact]
    public void KeepsTagAndDigest()
    {
        var reference = Reference.Parse($"busybox:1@sha256:{Hex}");

        Assert.Equal("1", reference.Tag);
        Assert.Equal(Hex, reference.Digest?.Hex);
        Assert.Equal($"docker.io/library/busybox:1@sha256:{Hex}", reference.ToString());
        Assert.Same(reference, reference.TagNameOnly());
        Assert.Equal("docker.io/library/busybox:latest", Reference.Parse("busybox").TagNameOnly().ToString());
    }

    [Theory]
    [InlineData("", "invalid reference format")]
    [InlineData(null, "invalid reference format")]
    [InlineData(" ", "invalid reference format")]
    [InlineData(":tag", "invalid reference format")]
    [InlineData("a:", "invalid reference format")]
    [InlineData("/a", "invalid reference format")]
    [InlineData("a/", "invalid reference format")]
    [InlineData("a//b", "invalid reference format")]
    [InlineData("a..b", "invalid reference format")]
    [InlineData("a___b", "invalid reference format")]
    [InlineData("a.-b", "invalid reference format")]
    [InlineData("-a", "invalid reference format")]
    [InlineData("a-", "invalid reference format")]
    [InlineData("../../etc/passwd", "invalid reference format")]
    [InlineData("a/../b", "invalid reference format")]
    [InlineData("a b", "invalid reference format")]
    [InlineData("a\0b", "invalid reference format")]
    [InlineData("a:b\n", "invalid reference format")]
    [InlineData("é", "invalid reference format")]
    [InlineData("a:-tag", "invalid reference format")]
    [InlineData("http://host/a", "invalid reference format")]
    [InlineData("host:port/a", "invalid reference format")]
    [InlineData("-host.x/a", "invalid reference format")]
    [InlineData("a@", "invalid reference format")]
    [InlineData("a@sha256:abc", "invalid reference format")]
    [InlineData("a@sha256:" + Hex + "00", "invalid checksum digest length")]
    [InlineData("a@md5:" + Hex, "unsupported digest algorithm")]
    [InlineData("Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase")]
    [InlineData("team/App:x", "invalid reference format: repository name (team/App) must be lowercase")]
    [InlineData(Hex, "invalid repository name (" + Hex + "), cannot specify 64-byte hexadecimal strings")]
    public void RefusesInDockersWords(string? text, string message)
    {
        Assert.False(Reference.TryParse(text, out var reference, out var error));
        Assert.Null(reference);
        Assert.Equal(message, error);
        Assert.Throws<FormatException>(() => Reference.Parse(text));
    }

    [Theory]
    [InlineData(256, false)]
    [InlineData(247, true)]
    [InlineData(1_000_000, false)]
    public void BoundsTheLength(int length, bool accepted) =>
        Assert.Equal(accepted, Reference.TryParse(new string('a', length), out _, out _));

    [Fact]
    public void BoundsTheTag()
    {
        Assert.True(Reference.TryParse("a:" + new string('t', 128), out _, out _));
        Assert.False(Reference.TryParse("a:" + new string('t', 129), out _, out _));
        Assert.Equal("invalid tag format", Assert.Throws<FormatException>(() => Reference.Parse("a", "x y")).Message);
    }

    [Fact]
    public void SurvivesSeparatorsWithoutEnd()
    {
        foreach (var c in "-_./:@[]")
        {
            Assert.False(Reference.TryParse("a" + new string(c, 100_000), out _, out _));
        }
    }
}
