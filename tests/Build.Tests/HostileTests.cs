using System.Text;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;

namespace Slipway.Build.Tests;

/// <summary>Dockerfiles that are large, deep, broken or not text: a diagnostic with its place, bounded memory, never a crash.</summary>
[Collection(AloneCollection.Name)]
public sealed class HostileTests
{
    [Fact]
    public void A_million_lines_are_read_in_bounded_memory()
    {
        var text = new StringBuilder("FROM scratch\n");
        for (var i = 0; i < 500_000; i++)
        {
            text.Append("RUN echo ").Append(i).Append(" \\\n  && true\n");
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        text.Clear();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var file = DockerfileParser.Parse(bytes);
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(500_001, file.Statements.Length);
        Assert.InRange(kept, 0, 20 << 20);
    }

    [Theory]
    [InlineData("", "the Dockerfile cannot be empty", 1, 1)]
    [InlineData("# only a comment\n", "file with no instructions", 1, 1)]
    [InlineData("ARG X=1\n", "dockerfile contains no stages to build", 1, 1)]
    [InlineData("RUN x\n", "no build stage in current context", 1, 1)]
    [InlineData("FROM a\n\n  FOO bar", "dockerfile parse error on line 3: unknown instruction: FOO", 3, 3)]
    [InlineData("FROM a b", "dockerfile parse error on line 1: FROM requires either one or three arguments", 1, 6)]
    [InlineData("FROM a AS 1x", "dockerfile parse error on line 1: invalid name for build stage: \"1x\", name can't start with a number or contain symbols", 1, 11)]
    [InlineData("FROM a\nRUN <<EOF\nx", "unterminated heredoc", 3, 1)]
    [InlineData("# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\", 1, 10)]
    [InlineData("# escape=`\n# escape=`\nFROM a", "only one escape parser directive can be used", 2, 3)]
    [InlineData("FROM a\nCOPY x", "dockerfile parse error on line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined.", 2, 6)]
    [InlineData("FROM a\nCOPY --form=b x y", "dockerfile parse error on line 2: unknown flag: form", 2, 6)]
    [InlineData("FROM a\nRUN x\0y", "dockerfile contains a NUL character", 2, 6)]
    [InlineData("FROM a\nENV a", "dockerfile parse error on line 2: ENV must have two arguments", 2, 5)]
    [InlineData("FROM a\nCMD [1, 2]", "dockerfile parse error on line 2: when using JSON array syntax, arrays must be comprised of strings only", 2, 5)]
    [InlineData("FROM a\nONBUILD ONBUILD RUN x", "dockerfile parse error on line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", 2, 9)]
    [InlineData("FROM a\nHEALTHCHECK --interval=1ns CMD x", "dockerfile parse error on line 2: Interval \"interval\" cannot be less than 1ms", 2, 24)]
    [InlineData("FROM a\nRUN --device=gpu x", "dockerfile parse error on line 2: RUN --device is not supported: this builder gives commands no devices", 2, 5)]
    public void Broken_files_get_a_place(string text, string message, int line, int column)
    {
        var error = Assert.Throws<DockerfileException>(() => DockerfileParser.Parse(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(message, error.Diagnostic.Message);
        Assert.Equal((line, column), (error.Diagnostic.Span.Line, error.Diagnostic.Span.Column));
        Assert.StartsWith("DF0", error.Diagnostic.Number, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FROM scratch\nFROM a\nRUN --mount=type\fcache,target=/x [# check=skip=all\n")]
    public async Task What_fuzzing_found_is_refused_with_a_place(string text)
    {
        var error = await Assert.ThrowsAsync<DockerfileException>(() => Graphs.Make(text));
        Assert.Equal(3, error.Diagnostic.Span.Line);
    }

    [Fact]
    public void Suggestions_name_the_nearest_keyword()
    {
        var error = Assert.Throws<DockerfileException>(() => DockerfileParser.Parse("FROM a\nCPOY a b"u8.ToArray()));
        Assert.Equal("dockerfile parse error on line 2: unknown instruction: CPOY (did you mean COPY?)", error.Message);
    }

    [Fact]
    public void Long_lines_and_invalid_text_are_refused()
    {
        var line = Assert.Throws<DockerfileException>(() => DockerfileParser.Parse(Encoding.UTF8.GetBytes("FROM a\nRUN " + new string('x', 10_000_000))));
        Assert.Equal((2, "dockerfile line greater than max allowed size of 65535"), (line.Diagnostic.Span.Line, line.Diagnostic.Message));
        var text = Assert.Throws<DockerfileException>(() => DockerfileParser.Parse(new byte[] { (byte)'R', (byte)'U', (byte)'N', (byte)' ', 0xC3, 0x28 }));
        Assert.Equal("dockerfile is not valid UTF-8", text.Diagnostic.Message);
    }

    [Fact]
    public async Task Ten_thousand_stages()
    {
        var text = new StringBuilder("FROM scratch AS s0\n");
        for (var i = 1; i < 10_000; i++)
        {
            text.Append("FROM s").Append(i - 1).Append(" AS s").Append(i).Append("\nCOPY --from=s0 a").Append(i).Append(" /\n");
        }

        var graph = await Graphs.Make(text.ToString());
        Assert.Equal(10_000, graph.Operations.Count);
        Assert.Equal(9_999, graph.Config.History.Count);
    }

    [Fact]
    public async Task Variables_that_double_each_other_end()
    {
        var text = new StringBuilder("FROM scratch\nENV A0=aaaaaaaaaaaaaaaa\n");
        for (var i = 1; i < 64; i++)
        {
            text.Append("ENV A").Append(i).Append("=$A").Append(i - 1).Append("$A").Append(i - 1).Append('\n');
        }

        var diagnostic = await Graphs.Fail(text.ToString());
        Assert.Contains("expanded text is longer than", diagnostic.Message, StringComparison.Ordinal);
        var deep = await Graphs.Fail("FROM scratch\nENV A=" + string.Concat(Enumerable.Repeat("${a:-", 5000)) + new string('}', 5000));
        Assert.Contains("nested too deeply", deep.Message, StringComparison.Ordinal);
        var pattern = await Graphs.Fail(
            $"FROM scratch\nENV A={new string('a', 30_000)}\nENV B=${{A//{string.Concat(Enumerable.Repeat("*a", 200))}b/}}");
        Assert.Contains("too expensive", pattern.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_onbuild_ends()
    {
        var text = new StringBuilder("FROM scratch AS s0\nONBUILD COPY a /\n");
        for (var i = 1; i < 300; i++)
        {
            text.Append("FROM s").Append(i - 1).Append(" AS s").Append(i).Append("\nONBUILD COPY a /\n");
        }

        Assert.Equal(300, (await Graphs.Make(text.ToString())).Operations.OfType<CopyStep>().Count() + 1);
    }
}
