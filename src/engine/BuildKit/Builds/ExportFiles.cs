using Slipway.Build;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKit.Sync;
using Slipway.Engine;
using Slipway.Engine.Files;

namespace Slipway.BuildKit.Builds;

/// <summary>Sends a result to the client: its files (<c>local</c>, <c>tar</c>), or an image as an archive (<c>docker</c>, <c>oci</c>).</summary>
internal sealed class ExportFiles(Builder builder)
{
    private const string Method = "/moby.filesync.v1.FileSend/DiffCopy";

    /// <summary>Exports.</summary>
    /// <returns>What the client is told.</returns>
    internal Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, ExportOrder order, int number)
    {
        var title = order.Type switch { "local" => "exporting to client directory", "tar" => "exporting to client tarball", _ => $"exporting to {order.Type} image format" };
        var step = build.Progress.Step(title, results.Select(result => result.Step(result.Plan.Graph.Result)));
        var target = new FileTarget(build, number, step);
        return step.RunAsync(async () =>
        {
            if (!build.Session.Offers(Method))
            {
                throw EngineException.Invalid("the client takes no files");
            }

            return order.Type switch
            {
                "local" => await LocalAsync(target, results, order).ConfigureAwait(false),
                "tar" => await TarAsync(target, results, order).ConfigureAwait(false),
                _ => await ArchiveAsync(target, results, order).ConfigureAwait(false),
            };
        });
    }

    private static async Task<IReadOnlyDictionary<string, string>> LocalAsync(FileTarget target, IReadOnlyList<FrontendResult> results, ExportOrder order)
    {
        List<(string Name, ResultTree Tree)> trees = [];
        try
        {
            trees.AddRange(results.Select(result => (PlaceOf(result, results, order), result.Plan.OpenTree())));
            using var call = await target.OpenAsync().ConfigureAwait(false);
            long bytes = 0;
            await new SendDirectory(call, [.. trees.Select(tree => (tree.Name, tree.Tree.Root))], sent => bytes = sent, target.Build.Canceled).RunAsync().ConfigureAwait(false);
            target.Step.Part("copying files", bytes, bytes, done: true);
            return new Dictionary<string, string>();
        }
        finally
        {
            trees.ForEach(tree => tree.Tree.Dispose());
        }
    }

    // Several platforms each get a directory of their own, named as BuildKit names them; so does one, if that is asked for.
    private static string PlaceOf(FrontendResult result, IReadOnlyList<FrontendResult> all, ExportOrder order) =>
        all.Count > 1 || order.Flag("platform-split") ? result.Platform.ToString().Replace('/', '_') : "";

    private static async Task<IReadOnlyDictionary<string, string>> TarAsync(FileTarget target, IReadOnlyList<FrontendResult> results, ExportOrder order)
    {
        await target.SendAsync(async output =>
        {
            using var tar = new TarWriter(output);
            foreach (var result in results)
            {
                using var tree = result.Plan.OpenTree();
                var place = PlaceOf(result, results, order);
                await new TreeArchive(tar, target.Build.Canceled).WriteDirectoryAsync(tree.Root, place.Length == 0 ? "" : place + "/").ConfigureAwait(false);
            }

            await tar.FinishAsync(target.Build.Canceled).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return new Dictionary<string, string>();
    }

    // The engine keeps an image only if it had it before.
    private async Task<IReadOnlyDictionary<string, string>> ArchiveAsync(FileTarget target, IReadOnlyList<FrontendResult> results, ExportOrder order)
    {
        var engine = builder.Engine;
        using var lease = engine.Content.BeginLease();
        var present = engine.Images.All.Select(image => image.Record.Target.Digest).ToHashSet();
        var stored = await builder.ImageSet.StoreAsync([.. results.Select(result => result.Plan)], ExportForm.Of(target.Build, results[0], order), [], target.Build.Canceled).ConfigureAwait(false);
        try
        {
            IReadOnlyList<string> names = [.. order.Names.Select(name => name.ToString())];
            var image = engine.Images.All.First(image => image.Record.Target.Digest == stored.Target.Digest);
            await target.SendAsync(output => engine.SaveImages.WriteOneAsync(image, names, output, target.Build.Canceled)).ConfigureAwait(false);
        }
        finally
        {
            if (!present.Contains(stored.Target.Digest))
            {
                await engine.RemoveImage.RunAsync(stored.Config.Digest.ToString(), force: false, prune: false).ConfigureAwait(false);
            }
        }

        return ExportImage.Response(stored, order.Names);
    }

    /// <summary>Where one output goes: a call of the client's, which it finds by the output's number.</summary>
    private sealed record FileTarget(ClientBuild Build, int Number, ProgressStep Step)
    {
        internal Task<GrpcStream> OpenAsync() => Build.Session.Channel.OpenAsync(
            Method, Build.Request.Exporters.Count > 0 ? [KeyValuePair.Create("buildkit-attachable-exporter-id", Number.ToString(System.Globalization.CultureInfo.InvariantCulture))] : [], Build.Canceled);

        internal async Task SendAsync(Func<Stream, Task> write)
        {
            using var call = await OpenAsync().ConfigureAwait(false);
            Step.Part("sending tarball", 0, 0, done: false);
            var output = new GrpcBytes(call);
            await using (output.ConfigureAwait(false))
            {
                await write(output).ConfigureAwait(false);
                await output.FinishAsync(Build.Canceled).ConfigureAwait(false);
            }

            Step.Part("sending tarball", 0, 0, done: true);
        }
    }
}
