namespace Slipway.Oci.Tests;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/x86_64", "linux/amd64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("Linux/AMD64", "linux/amd64")]
    [InlineData("s390x", "linux/s390x")]
    public void Normalizes(string text, string expected) => Assert.Equal(expected, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("linux/")]
    [InlineData("a/b/c/d")]
    [InlineData("linux/am d64")]
    [InlineData("nonsense")]
    public void RefusesOthers(string text) => Assert.Throws<FormatException>(() => Platform.Parse(text));

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/386", true)]
    [InlineData("linux/amd64", "linux/amd64/v3", false)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", true)]
    [InlineData("linux/amd64", "linux/arm64", false)]
    [InlineData("linux/arm64", "linux/arm/v7", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    public void KnowsWhatRuns(string host, string image, bool runs) =>
        Assert.Equal(runs, Platform.Parse(host).Runs(Platform.Parse(image)));

    [Fact]
    public void PrefersTheClosest()
    {
        var host = Platform.Parse("linux/arm64");

        Assert.True(host.Preference(Platform.Parse("linux/arm64")) > host.Preference(Platform.Parse("linux/arm/v7")));
        Assert.True(host.Preference(Platform.Parse("linux/arm/v7")) > host.Preference(Platform.Parse("linux/arm/v6")));
    }
}
