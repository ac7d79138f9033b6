using System.Globalization;
using System.Text;
using Slipway.Packs.Sources;

namespace Slipway.Packs.Tests;

/// <summary>
/// Shapes of sources and what is made of them. Each file of <c>Corpus</c> has the source's files, the variables and options, and the plan that is expected.
/// <c>SLIPWAY_CORPUS=DIRECTORY dotnet test</c> writes the present plans there.
/// </summary>
public sealed class CorpusTests : IDisposable
{
    private readonly DirectoryInfo _source = Directory.CreateTempSubdirectory("slipway-corpus-");

    public static TheoryData<string> Cases => [.. Directory.GetFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Corpus");

    public void Dispose() => _source.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_source_becomes_this_plan(string name)
    {
        var text = File.ReadAllText(Path.Combine(Folder, name + ".txt"));
        var sections = Sections(text);
        foreach (var (path, content) in sections.Where(s => s.Key[0] != '('))
        {
            var place = Path.Combine(_source.FullName, path);
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.WriteAllText(place, content);
        }

        var actual = Made(Options(Pairs(sections.GetValueOrDefault("(environment)")), Pairs(sections.GetValueOrDefault("(options)"))));
        if (Environment.GetEnvironmentVariable("SLIPWAY_CORPUS") is { Length: > 0 } directory)
        {
            File.WriteAllText(Path.Combine(directory, name + ".txt"), text.Split("--- (plan)\n")[0] + "--- (plan)\n" + actual);
            return;
        }

        Assert.Equal(sections["(plan)"], actual);
    }

    private string Made(PackOptions options)
    {
        try
        {
            var plan = PackPlanner.Plan(SourceTree.Open(_source.FullName), options);
            return PlanSummary.Of(plan).Replace(_source.Name, "SOURCE", StringComparison.Ordinal) + (plan.Pack is "auto" or "static" ? "\n" + plan.Dockerfile : "");
        }
        catch (PackException e)
        {
            return $"error: {e.Message}\n";
        }
    }

    private static PackOptions Options(Dictionary<string, string> environment, Dictionary<string, string> options) => new()
    {
        Environment = environment,
        Pack = options.GetValueOrDefault("pack") ?? "auto",
        PublishDirectory = options.GetValueOrDefault("publish"),
        SinglePage = options.ContainsKey("spa") ? true : null,
        StartCommand = options.GetValueOrDefault("start"),
        InstallCommand = options.GetValueOrDefault("install"),
        BuildCommand = options.GetValueOrDefault("build"),
        Port = options.TryGetValue("port", out var port) ? int.Parse(port, CultureInfo.InvariantCulture) : null,
        CacheKey = "app1",
        Certificates = options.ContainsKey("ca") ? "# ours\n-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\nCERTIFICATES\nRUN id\n" : null,
    };

    private static Dictionary<string, string> Pairs(string? text) =>
        (text ?? "").Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal)).ToDictionary(l => l.Split('=', 2)[0], l => l.Split('=', 2)[1]);

    private static Dictionary<string, string> Sections(string text)
    {
        var sections = new Dictionary<string, string>();
        var content = new StringBuilder();
        var name = "";
        foreach (var line in text.Split('\n')[..^1].Append("--- "))
        {
            if (!line.StartsWith("--- ", StringComparison.Ordinal))
            {
                content.Append(line).Append('\n');
                continue;
            }

            sections[name] = content.ToString();
            (name, content) = (line[4..], new StringBuilder());
        }

        sections.Remove("");
        return sections;
    }
}
