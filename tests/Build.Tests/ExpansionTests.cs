using Slipway.Build.Dockerfile;

namespace Slipway.Build.Tests;

/// <summary>The golden table of expansions: <c>input → output</c>, or <c>input ! message</c>.</summary>
public sealed class ExpansionTests
{
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["X"] = "value", ["EMPTY"] = "", ["PATH2"] = "/usr/local/bin/app.tar.gz", ["PERSON"] = "me", ["SPACES"] = "a b  c",
    };

    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "expansion.txt")))
            {
                var cut = line.IndexOf(" → ", StringComparison.Ordinal);
                if (cut >= 0 && !line.StartsWith("//", StringComparison.Ordinal))
                {
                    rows.Add(line[..cut].Trim(), line[(cut + 3)..].Trim());
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Expands(string input, string output)
    {
        var expander = new WordExpander();
        string actual;
        try
        {
            actual = expander.Expand(input, Variables.GetValueOrDefault).Text;
        }
        catch (SyntaxFault fault)
        {
            actual = "! " + fault.Message[(fault.Message.IndexOf("\": ", StringComparison.Ordinal) + 3)..];
        }

        Assert.Equal(output == "(nothing)" ? "" : output, actual);
    }

    [Fact]
    public void Splits_at_spaces_outside_of_quotes()
    {
        var words = new WordExpander().Split("a $SPACES \"$SPACES\" 'x y' z\\ w", Variables.GetValueOrDefault).Words;
        Assert.Equal(["a", "a", "b", "c", "a b  c", "x y", "z w"], words);
    }
}
