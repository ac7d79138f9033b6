using System.Runtime.CompilerServices;
using System.Text;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;

namespace Slipway.Build.Tests;

/// <summary>
/// Files as people write them, each beside the graph, history and warnings that they lead to. <c>SLIPWAY_GOLDEN=write</c> writes them anew.
/// </summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"), "*.Dockerfile").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Files_lead_to_their_graphs(string name)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Corpus", name));
        var graph = await Graphs.Make(text);
        var actual = Show(DockerfileParser.Parse(Encoding.UTF8.GetBytes(text)), graph);
        var golden = Path.ChangeExtension(Path.Combine("Corpus", name), ".txt");
        if (Environment.GetEnvironmentVariable("SLIPWAY_GOLDEN") == "write")
        {
            await File.WriteAllTextAsync(Path.Combine(Here(), golden), actual);
        }
        else
        {
            Assert.Equal(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, golden)), actual);
        }
    }

    [Fact]
    public async Task Base_images_of_the_repository_break_no_rule()
    {
        var files = Directory.GetFiles(Path.Combine(Here(), "..", "..", "images"), "Dockerfile", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            Assert.Empty((await Graphs.Make(await File.ReadAllTextAsync(file))).Warnings);
        }
    }

    private static string Show(ParsedDockerfile file, BuildGraph graph)
    {
        var output = new StringBuilder("== statements\n");
        for (var i = 0; i < file.Statements.Length; i++)
        {
            var instruction = file.Read(i);
            output.Append(instruction.Span.Line).Append('-').Append(instruction.Span.EndLine).Append(' ').Append(instruction.Keyword).Append(": ")
                .Append(instruction.Text).Append('\n');
        }

        output.Append("== graph\n").Append(GraphPicture.Text(graph)).Append("== history\n").Append(Graphs.History(graph)).Append('\n');
        output.Append("== warnings\n");
        foreach (var warning in graph.Warnings)
        {
            output.Append(warning.Span.Line).Append(' ').Append(warning.Number).Append(' ').Append(warning.Rule).Append(": ").Append(warning.Message).Append('\n');
        }

        return output.ToString();
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
