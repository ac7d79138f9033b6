using Slipway.Packs.Sources;

namespace Slipway.Packs.Tests;

public sealed class SourceTreeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("slipway-packs-");

    public void Dispose() => _directory.Delete(recursive: true);

    private string At(string path) => Path.Combine(_directory.FullName, path);

    [Fact]
    public void Links_lead_nowhere_but_inside()
    {
        Directory.CreateDirectory(At("app/real"));
        File.WriteAllText(At("secret"), "outside");
        File.WriteAllText(At("app/real/file"), "inside");
        File.CreateSymbolicLink(At("app/out"), "../secret");
        File.CreateSymbolicLink(At("app/absolute"), "/etc/passwd");
        File.CreateSymbolicLink(At("app/in"), "real/file");
        Directory.CreateSymbolicLink(At("app/up"), "..");
        File.CreateSymbolicLink(At("app/loop"), "loop");
        var tree = SourceTree.Open(At("app"));
        Assert.Equal("inside", tree.Text("in"));
        Assert.All(new[] { "out", "absolute", "up/secret", "loop", "../secret" }, path => Assert.Null(tree.Text(path)));
        Assert.Equal(["real/file"], tree.Files);
    }
}
