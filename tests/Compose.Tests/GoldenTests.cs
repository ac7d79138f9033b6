using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Compose.Tests;

/// <summary>The canonical form and the hashes are those of Docker Compose 2.26.1, which wrote the expectations (golden.sh).</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Cases => [.. Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "Golden")).Select(d => Path.GetFileName(d))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_canonical_form_is_docker_composes(string name)
    {
        Project project = Load(name);
        Assert.Equal(Expected(name, "expected.yaml"), CanonicalYaml.Write(CanonicalDocument.Of(project, [])));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_canonical_form_is_docker_composes_in_JSON_too(string name) => Assert.Equal(
        Expected(name, "expected.json").TrimEnd(), CanonicalJson.Write(CanonicalDocument.Of(Load(name), []), "", new JsonStyle { EscapeDollar = true }));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hashes_are_docker_composes(string name)
    {
        Project project = Load(name);
        string[] hashes = [.. project.Services.Values.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => $"{s.Name} {ConfigHash.Of(s)}")];
        Assert.Equal(Expected(name, "hashes").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), hashes);
    }

    private static string Expected(string name, string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name, file));

    private static Project Load(string name) => ProjectLoader.Load(new LoadOptions
    {
        WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "Golden", name),
        ProjectDirectory = "/srv/app",
        ProjectName = "golden",
        Files = [.. new[] { "1.yaml", "2.yaml" }.Where(f => File.Exists(Path.Combine(AppContext.BaseDirectory, "Golden", name, f)))],
        Profiles = ["p"],
        Environment = new Dictionary<string, string> { ["HOME"] = "/root", ["SET"] = "set", ["EMPTY"] = "", ["TRUE"] = "true", ["TWO"] = "2", ["PORT"] = "8000" },
    });
}
