namespace Slipway.Oci.Tests;

public sealed class DigestTests
{
    private const string Empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public void NamesContent()
    {
        var digest = Digest.Of([]);

        Assert.Equal(Empty, digest.ToString());
        Assert.Equal(("sha256", "e3b0c44298fc"), (digest.Algorithm, digest.Short));
        Assert.Equal(new Digest(Empty), digest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("alpine")]
    [InlineData("sha256:")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../etc/passwd00")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void RefusesOtherText(string? text)
    {
        Assert.False(Digest.TryParse(text, out var digest));
        Assert.True(digest.IsDefault);
        Assert.Throws<FormatException>(() => new Digest(text!));
    }

    [Fact]
    public void GuardsTheDefault() => Assert.Throws<InvalidOperationException>(() => default(Digest).Hex);

    [Fact]
    public void ChainsLayers()
    {
        var (a, b) = (Digest.Of("a"u8), Digest.Of("b"u8));

        var chain = Layers.ChainIds([a, b]);

        Assert.Equal(a, chain[0]);
        Assert.Equal(Digest.Of(System.Text.Encoding.ASCII.GetBytes($"{a} {b}")), chain[1]);
        Assert.Empty(Layers.ChainIds([]));
    }
}
