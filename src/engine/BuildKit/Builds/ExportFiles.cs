using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKit.Sync;
using Slipway.Engine;
using Slipway.Engine.Files;

namespace Slipway.BuildKit.Builds;

/// <summary>Sends a result to the client: its files (<c>local</c>, <c>tar</c>), or an image as an archive (<c>docker</c>, <c>oci</c>).</summary>
internal sealed class ExportFiles(SlipwayEngine engine)
{
    private const string Method = "/moby.filesync.v1.FileSend/DiffCopy";

    /// <summary>Exports.</summary>
    /// <returns>What the client is told.</returns>
    internal Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, FrontendResult result, ExportOrder order)
    {
        var title = order.Type switch { "local" => "exporting to client directory", "tar" => "exporting to client tarball", _ => $"exporting to {order.Type} image format" };
        var step = build.Progress.Step(title, [result.Step(result.Plan.Graph.Result)]);
        return step.RunAsync(async () =>
        {
            if (!build.Session.Offers(Method))
            {
                throw EngineException.Invalid("the client takes no files");
            }

            return order.Type switch
            {
                "local" => await LocalAsync(build, result, step).ConfigureAwait(false),
                "tar" => await TarAsync(build, result, step).ConfigureAwait(false),
                _ => await ArchiveAsync(build, result, order, step).ConfigureAwait(false),
            };
        });
    }

    private static async Task<IReadOnlyDictionary<string, string>> LocalAsync(ClientBuild build, FrontendResult result, ProgressStep step)
    {
        using var tree = result.Plan.OpenTree();
        using var call = await build.Session.Channel.OpenAsync(Method, [], build.Canceled).ConfigureAwait(false);
        long bytes = 0;
        await new SendDirectory(call, tree.Root, sent => bytes = sent, build.Canceled).RunAsync().ConfigureAwait(false);
        step.Part("copying files", bytes, bytes, done: true);
        return new Dictionary<string, string>();
    }

    private static async Task<IReadOnlyDictionary<string, string>> TarAsync(ClientBuild build, FrontendResult result, ProgressStep step)
    {
        using var tree = result.Plan.OpenTree();
        await SendAsync(build, step, async output =>
        {
            using var tar = new TarWriter(output);
            await new TreeArchive(tar, build.Canceled).WriteDirectoryAsync(tree.Root, "").ConfigureAwait(false);
            await tar.FinishAsync(build.Canceled).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return new Dictionary<string, string>();
    }

    // The engine keeps an image only if it had it before.
    private async Task<IReadOnlyDictionary<string, string>> ArchiveAsync(ClientBuild build, FrontendResult result, ExportOrder order, ProgressStep step)
    {
        using var lease = engine.Content.BeginLease();
        var present = engine.Images.All.Select(image => image.ImageId).ToHashSet();
        var image = await result.Plan.StoreAsync([], build.Canceled).ConfigureAwait(false);
        var id = image.Config.Digest;
        try
        {
            IReadOnlyList<string> names = [.. order.Names.Select(name => name.ToString())];
            await SendAsync(build, step, output => engine.SaveImages.WriteOneAsync(engine.Images.Resolve(id.ToString()), names, output, build.Canceled)).ConfigureAwait(false);
        }
        finally
        {
            if (!present.Contains(id))
            {
                await engine.RemoveImage.RunAsync(id.ToString(), force: false, prune: false).ConfigureAwait(false);
            }
        }

        return new Dictionary<string, string>
        {
            ["containerimage.config.digest"] = id.ToString(),
            ["containerimage.digest"] = image.Target.Digest.ToString(),
            ["image.name"] = string.Join(',', order.Names),
        };
    }

    private static async Task SendAsync(ClientBuild build, ProgressStep step, Func<Stream, Task> write)
    {
        using var call = await build.Session.Channel.OpenAsync(Method, [], build.Canceled).ConfigureAwait(false);
        step.Part("sending tarball", 0, 0, done: false);
        var output = new GrpcBytes(call);
        await using (output.ConfigureAwait(false))
        {
            await write(output).ConfigureAwait(false);
            await output.FinishAsync(build.Canceled).ConfigureAwait(false);
        }

        step.Part("sending tarball", 0, 0, done: true);
    }
}
