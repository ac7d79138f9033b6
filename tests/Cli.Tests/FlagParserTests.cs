using Slipway.Cli.Options;

namespace Slipway.Cli.Tests;

public sealed class FlagParserTests
{
    private static readonly FlagTable s_table = new FlagTable()
        .Bool("interactive", 'i', "").Bool("tty", 't', "").Bool("rm", "").List("publish", 'p', "").String("name", "").Strings("alias", "")
        .Int("time", 'n', "").Filter().Bytes("memory", 'm', "").Bool("pause", "", value: true);

    [Fact]
    public void ReadsGroupedLettersAndGluedValues()
    {
        FlagValues flags = FlagParser.Parse(s_table, ["-it", "-p80:80", "-p", "81:81", "--name=x", "-n=3", "img", "-i"], flagsFirst: true);

        Assert.True(flags.Bool("interactive") && flags.Bool("tty") && flags.Bool("pause") && !flags.Bool("rm"));
        Assert.Equal(["80:80", "81:81"], flags.List("publish"));
        Assert.Equal("x", flags.String("name"));
        Assert.Equal(3, flags.Int("time"));
        Assert.Equal(["img", "-i"], flags.Arguments);
    }

    [Fact]
    public void FlagsMayFollowArgumentsUntilTwoDashes()
    {
        FlagValues flags = FlagParser.Parse(s_table, ["a", "--rm", "b", "--", "--tty"], flagsFirst: false);

        Assert.True(flags.Bool("rm"));
        Assert.Equal(["a", "b", "--tty"], flags.Arguments);
    }

    [Fact]
    public void SwitchesCanBeTurnedOffAndListsSplit()
    {
        FlagValues flags = FlagParser.Parse(s_table, ["--pause=false", "--alias", "a,b", "--alias=c"], flagsFirst: false);

        Assert.False(flags.Bool("pause"));
        Assert.Equal(["a", "b", "c"], flags.List("alias"));
    }

    [Theory]
    [InlineData("--nope", "unknown flag: --nope")]
    [InlineData("-x", "unknown shorthand flag: 'x' in -x")]
    [InlineData("--name", "flag needs an argument: --name")]
    [InlineData("-p", "flag needs an argument: 'p' in -p")]
    [InlineData("--rm=maybe", "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax")]
    [InlineData("-nx", "invalid argument \"x\" for \"-n, --time\" flag: strconv.ParseInt: parsing \"x\": invalid syntax")]
    [InlineData("-ffoo", "invalid argument \"foo\" for \"-f, --filter\" flag: bad format of filter (expected name=value)")]
    [InlineData("-mfoo", "invalid argument \"foo\" for \"-m, --memory\" flag: invalid size: 'foo'")]
    public void Refuses(string word, string message)
    {
        UsageException e = Assert.Throws<UsageException>(() => FlagParser.Parse(s_table, [word], flagsFirst: false));
        Assert.Equal(message, e.Message);
        Assert.Equal(125, e.ExitCode);
    }
}
