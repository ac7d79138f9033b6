using System.Text;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Tests;

/// <summary>BuildKit's lint rules, by name and wording.</summary>
public sealed class LintTests
{
    [Theory]
    [InlineData("FROM a AS Build", "StageNameCasing: Stage name 'Build' should be lowercase")]
    [InlineData("FROM a as b", "FromAsCasing: 'as' and 'FROM' keywords' casing do not match")]
    [InlineData("FROM a\nRUN x \\\n\n  y", "NoEmptyContinuation: Empty continuation line")]
    [InlineData("FROM a\nRUN x\nrun y", "ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)")]
    [InlineData("FROM a AS b\nFROM c AS b", "DuplicateStageName: Duplicate stage name \"b\", stage names should be unique")]
    [InlineData("FROM a AS scratch", "ReservedStageName: Stage name should not use the same name as reserved stage \"scratch\"")]
    [InlineData("FROM a\nCMD x", "JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals")]
    [InlineData("FROM a\nSHELL [\"x\"]\nCMD x", "")]
    [InlineData("FROM a\nMAINTAINER me", "MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label")]
    [InlineData("ARG VERSION=1\nFROM a:${VERSON:-1}$VERSON", "UndefinedArgInFrom: FROM argument 'VERSON' is not declared (did you mean VERSION?)")]
    [InlineData("FROM a\nWORKDIR b", "WorkdirRelativePath: Relative workdir \"b\" can have unexpected results if the base image changes")]
    [InlineData("FROM a\nWORKDIR /b\nWORKDIR c", "")]
    [InlineData("FROM a\nENV NAME=1\nCOPY $NAM /", "UndefinedVar: Usage of undefined variable '$NAM' (did you mean $NAME?)")]
    [InlineData("FROM a\nCMD [\"a\"]\nCMD [\"b\"]", "MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used")]
    [InlineData("FROM a\nENV b c", "LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV key value\" format")]
    [InlineData("FROM --platform=$TARGETPLATFORM a", "RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior")]
    [InlineData("FROM --platform=linux/amd64 a", "FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value \"linux/amd64\"")]
    [InlineData("FROM --platform=linux/amd64 a AS x-amd64", "")]
    [InlineData("FROM a\nARG API_TOKEN", "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG \"API_TOKEN\")")]
    [InlineData("FROM a\nENV PUBLIC_KEY=1 TOKEN_FILE=2", "")]
    [InlineData("FROM a\nEXPOSE 80/TCP", "ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase")]
    [InlineData("FROM a\nEXPOSE 80:80", "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '80:80'")]
    [InlineData("# check=experimental=InvalidDefinitionDescription\n# some words\nFROM a AS base", "InvalidDefinitionDescription: Comment for FROM should follow the format: `# base <description>`")]
    [InlineData("# check=experimental=all\nFROM a AS base\n# words\nARG X=1 Y", "InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`")]
    [InlineData("# check=experimental=all\n# base is it\nFROM a AS base\n# X is too\nARG X\n# not this\n\nARG Y\n# nor this\n#\nARG Z", "")]
    [InlineData("# words\nFROM a AS base", "")]
    [InlineData("# check=skip=JSONArgsRecommended\nFROM a\nCMD x", "")]
    [InlineData("# check=skip=all\nFROM a as B\nCMD x", "")]
    [InlineData("FROM a\n# check=skip=JSONArgsRecommended\nCMD x", "")]
    public async Task Rules(string text, string expected)
    {
        var graph = await Graphs.Make(text);
        Assert.Equal(expected, string.Join('\n', graph.Warnings.Select(warning => $"{warning.Rule}: {warning.Message}")));
    }

    [Fact]
    public async Task Warnings_can_be_errors()
    {
        var diagnostic = await Graphs.Fail("# check=error=true\nFROM a\nCMD x");
        Assert.Equal("lint violation found for rules: JSONArgsRecommended", diagnostic.Message);
        Assert.Equal("invalid check option \"nonsense\"", (await Graphs.Fail("# check=nonsense=1\nFROM a")).Message["failed to parse check options: ".Length..]);
    }

    [Fact]
    public async Task Reports_are_dockers()
    {
        const string text = "FROM a\nRUN x\n\nRUN y\nCMD z\n";
        var graph = await Graphs.Make(text);
        Assert.Equal(
            """
            Check complete, 1 warning has been found!

            WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
            JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
            Dockerfile:5
            --------------------
               2 |     RUN x
               3 |     
               4 |     RUN y
               5 | >>> CMD z
               6 |     
            --------------------

            """,
            CheckReport.Format(Encoding.UTF8.GetBytes(text), "Dockerfile", graph.Warnings));
        Assert.Equal("Check complete, no warnings found.\n", CheckReport.Format(Encoding.UTF8.GetBytes(text), "Dockerfile", []));
    }
}
