using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Oci.Tests;

public sealed class DocumentTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Config = $$"""{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Sha}}","size":2}""";

    [Fact]
    public void ConfigKeepsWhatItDoesNotKnow()
    {
        const string Text = $$$"""
            {"created":"2024-01-02T03:04:05Z","architecture":"amd64","os":"linux","moby.buildkit.x":{"a":[1,2]},
             "config":{"User":"1","Env":["A=<b>&é"],"Cmd":["sh"],"Healthcheck":{"Test":["CMD","x"],"Interval":5000000000},
               "ExposedPorts":{"80/tcp":{}},"Volumes":{"/d":{}},"Labels":{"k":"v"},"OnBuild":["RUN x"],"Vendor":7,
               "StopSignal":"SIGINT","Shell":["/bin/sh","-c"],"WorkingDir":"/w"},
             "rootfs":{"type":"layers","diff_ids":["{{{Sha}}}"]},
             "history":[{"created_by":"ADD","empty_layer":true}]}
            """;

        var config = ImageConfig.Parse(Encoding.UTF8.GetBytes(Text));

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Text), JsonNode.Parse(config.ToBytes())));
        Assert.Contains("A=<b>&é", Encoding.UTF8.GetString(config.ToBytes()), StringComparison.Ordinal);
        Assert.Equal(config.ToBytes(), ImageConfig.Parse(config.ToBytes()).ToBytes());
    }

    [Fact]
    public void ManifestAndIndexRoundTrip()
    {
        var manifest = Manifest.Parse(Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"config":{{Config}},"layers":[{{Config}}],"x":1}"""));
        var index = new Index { MediaType = MediaTypes.OciIndex, Manifests = [manifest.Config with { Platform = Platform.Host }] };

        Assert.Equal(manifest.ToBytes(), Manifest.Parse(manifest.ToBytes()).ToBytes());
        Assert.Equal(Platform.Host, Index.Parse(index.ToBytes()).Manifests[0].Platform);
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"layers":[],"manifests":[]}""")]
    [InlineData("""{"schemaVersion":1,"config":CONFIG,"layers":[]}""")]
    [InlineData("""{"config":CONFIG,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"layers":[null]}""")]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"layers":[{"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":-1}]}""")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":CONFIG,"layers":[]}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    public void RefusesConfusingManifests(string text) =>
        Assert.Throws<FormatException>(() => Manifest.Parse(Encoding.UTF8.GetBytes(text.Replace("CONFIG", Config, StringComparison.Ordinal))));

    [Theory]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[],"config":{}}""")]
    [InlineData("""{"schemaVersion":3,"manifests":[]}""")]
    public void RefusesConfusingIndexes(string text) =>
        Assert.Throws<FormatException>(() => Index.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void RefusesDeepAndLargeDocuments()
    {
        Assert.Throws<FormatException>(() => ImageConfig.Parse(Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 1000) + new string(']', 1000) + "}")));
        Assert.Throws<FormatException>(() => Manifest.Parse(new byte[5 * 1024 * 1024]));
    }

    [Theory]
    [InlineData(MediaTypes.OciLayerZstd, Compression.Zstd)]
    [InlineData(MediaTypes.DockerLayerGzip, Compression.Gzip)]
    [InlineData(MediaTypes.OciLayer, Compression.None)]
    public void ClassifiesLayers(string mediaType, Compression compression)
    {
        Assert.True(MediaTypes.IsLayer(mediaType));
        Assert.Equal(compression, MediaTypes.CompressionOf(mediaType));
    }
}
