using System.Text.Json.Nodes;
using Slipway.Cli.Output;
using Slipway.Cli.Verbs;

namespace Slipway.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1990000, "1.99MB")]
    [InlineData(77800000, "77.8MB")]
    [InlineData(999900, "1e+03kB")]
    public void Sizes(double bytes, string expected) => Assert.Equal(expected, Units.Size(bytes));

    [Theory]
    [InlineData(2089000000, "1.946GiB")]
    [InlineData(1024, "1KiB")]
    public void BinarySizes(double bytes, string expected) => Assert.Equal(expected, Units.BinarySize(bytes));

    [Theory]
    [InlineData(0.2, "Less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(180, "3 minutes")]
    [InlineData(3600, "About an hour")]
    [InlineData(3 * 3600, "3 hours")]
    [InlineData(49 * 3600, "2 days")]
    [InlineData(15 * 86400, "2 weeks")]
    [InlineData(70 * 86400, "2 months")]
    [InlineData(800 * 86400, "2 years")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, Units.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void TablesAreAtLeastTenWideAndThreeApart() =>
        Assert.Equal("ID        NAME\nlong-long-id   x\n".Replace("ID        ", "ID             ", StringComparison.Ordinal), Table.Align(["ID\tNAME", "long-long-id\tx"]));

    [Theory]
    [InlineData("""[{"PrivatePort":80,"Type":"tcp"},{"PrivatePort":81,"Type":"tcp"}]""", "80-81/tcp")]
    [InlineData("""[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]""", "0.0.0.0:8080->80/tcp")]
    [InlineData("""[{"IP":"::","PrivatePort":80,"PublicPort":80,"Type":"tcp"}]""", "[::]:80->80/tcp")]
    public void Ports(string json, string expected) => Assert.Equal(expected, PortColumn.Of((JsonArray)JsonNode.Parse(json)!));

    [Fact]
    public void ProgressBarsShowBothAmounts() => Assert.Equal(
        "[" + (new string('=', 25) + ">").PadRight(50) + "]     500B/1kB",
        ProgressDisplay.Bar((JsonObject)JsonNode.Parse("""{"current":500,"total":1000}""")!));
}
