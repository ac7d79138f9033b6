using System.Runtime.CompilerServices;
using Slipway.Packs.Sources;

namespace Slipway.Packs.Tests;

/// <summary>Every directory of <c>examples/</c> is recognised as what it is meant to show.</summary>
public sealed class ExampleTests
{
    private static readonly Dictionary<string, string> s_expected = new()
    {
        ["compose"] = "compose compose compose.yaml", ["dockerfile"] = "dockerfile dockerfile Dockerfile", ["go"] = "auto go go.mod", ["java"] = "auto java Main.java", ["node"] = "auto node package.json",
        ["php"] = "auto php index.php", ["procfile"] = "auto  Procfile web", ["profiles"] = "compose compose compose.yaml", ["python"] = "auto python main.py", ["ruby"] = "auto ruby Gemfile",
        ["secrets"] = "compose compose compose.yaml", ["shop"] = "compose compose compose.yaml", ["spa"] = "auto static Staticfile", ["stack"] = "compose compose compose.yaml", ["static"] = "auto static index.html",
    };

    [Fact]
    public void Examples_are_recognised()
    {
        var found = Directory.GetDirectories(Examples()).ToDictionary(d => Path.GetFileName(d)!, Recognised);
        Assert.Equal(s_expected.OrderBy(e => e.Key, StringComparer.Ordinal), found.OrderBy(e => e.Key, StringComparer.Ordinal));
    }

    private static string Recognised(string directory)
    {
        var plan = PackPlanner.Plan(SourceTree.Open(directory), new PackOptions());
        return plan.Providers is [var provider, ..] ? $"{plan.Pack} {provider.Name} {provider.Reason}" : $"{plan.Pack}  {plan.StartReason}";
    }

    private static string Examples([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../examples");
}
