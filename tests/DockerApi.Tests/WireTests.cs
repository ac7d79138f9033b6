namespace Slipway.DockerApi.Tests;

public sealed class WireTests
{
    [Theory]
    [InlineData("""{"label":{"a=b":true,"c":true}}""")]
    [InlineData("""{"label":["a=b","c"]}""")]
    public void FiltersComeInTwoForms(string json)
    {
        var filters = Filters.Parse(json);

        Assert.Equal(["a=b", "c"], filters["label"]);
        Assert.Empty(filters["name"]);
        Assert.Equal(["label"], filters.Except(["name"]));
        Assert.Equal("""{"label":{"a=b":true,"c":true}}""", filters.ToJson());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    public void NoFiltersAreNone(string? json) => Assert.True(Filters.Parse(json).IsEmpty);

    [Theory]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("""{"a":"b"}""")]
    [InlineData("""{"a":[1]}""")]
    [InlineData("""{"a":{"b":1}}""")]
    public void OtherFiltersAreRefused(string json) => Assert.Throws<FormatException>(() => Filters.Parse(json));

    [Fact]
    public void FramesRoundTrip()
    {
        Span<byte> header = stackalloc byte[StreamFrame.HeaderSize];
        new StreamFrame(StdStream.Stderr, 0x01020304).Write(header);

        Assert.Equal([2, 0, 0, 0, 1, 2, 3, 4], header.ToArray());
        Assert.True(StreamFrame.TryRead(header, out var frame));
        Assert.Equal(new StreamFrame(StdStream.Stderr, 0x01020304), frame);
        Assert.False(StreamFrame.TryRead("HTTP/1.1"u8, out _));
        Assert.False(StreamFrame.TryRead(header[..7], out _));
    }

    [Fact]
    public void VersionsAreOrderedByNumber()
    {
        Assert.True(ApiVersion.TryParse("v1.9", out var old));
        Assert.True(ApiVersion.TryParse("1.51", out var now));
        Assert.True(old < now);
        Assert.Equal("1.51", now.ToString());
        foreach (var text in new[] { "", "1", "1.", ".1", "a.b", "1.-1", "1.2.3" })
        {
            Assert.False(ApiVersion.TryParse(text, out _), text);
        }
    }

    [Fact]
    public void TimesAreWrittenAsGoDoes()
    {
        Assert.Equal("2024-05-06T07:08:09.12Z", GoTime.Format(new DateTimeOffset(2024, 5, 6, 9, 8, 9, 120, TimeSpan.FromHours(2))));
        Assert.Equal("2024-05-06T07:08:09Z", GoTime.Format(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero)));
        Assert.Equal("0001-01-01T00:00:00Z", GoTime.Format(null));
        Assert.True(GoTime.TryParse("2024-05-06T07:08:09.123456789+02:00", out var time));
        Assert.Equal("2024-05-06T05:08:09.1234567Z", GoTime.Format(time));
        Assert.False(GoTime.TryParse("yesterday", out _));
    }
}
