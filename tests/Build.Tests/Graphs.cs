using System.Text;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.Oci;

namespace Slipway.Build.Tests;

/// <summary>Makes graphs of texts, with made-up base images.</summary>
internal static class Graphs
{
    internal static readonly GraphOptions Amd64 = new()
    {
        TargetPlatform = Platform.Parse("linux/amd64"), BuildPlatform = Platform.Parse("linux/amd64"),
    };

    internal static Task<BuildGraph> Make(string text, GraphOptions? options = null, ExecutionConfig? config = null) =>
        GraphMaker.MakeAsync(
            DockerfileParser.Parse(Encoding.UTF8.GetBytes(text)), options ?? Amd64,
            (image, _) => ValueTask.FromResult(Resolve(image, config)));

    internal static async Task<Diagnostic> Fail(string text, GraphOptions? options = null)
    {
        var error = await Assert.ThrowsAsync<DockerfileException>(() => Make(text, options));
        return error.Diagnostic;
    }

    internal static ResolvedImage Resolve(ImageSource image, ExecutionConfig? config = null) => new(
        image.Reference, Digest.TryParse("sha256:" + new string((char)97, 64), out var digest) ? digest : throw new FormatException(),
        new ImageConfig
        {
            Architecture = image.Platform.Architecture, Os = image.Platform.Os, Variant = image.Platform.Variant,
            Config = config ?? new ExecutionConfig { Env = ["PATH=/usr/bin:/bin"], Cmd = ["sh"] },
            History = [new HistoryEntry { CreatedBy = "base" }],
        });

    internal static string History(BuildGraph graph) =>
        string.Join('\n', graph.Config.History.Skip(graph.BaseConfig?.History.Count ?? 0).Select(entry => entry.CreatedBy + (entry.EmptyLayer ? "" : " *")));
}
