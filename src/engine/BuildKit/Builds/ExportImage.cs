using System.Text;
using Slipway.Build;
using Slipway.Build.Results;
using Slipway.BuildKit.Sessions;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Stores results as an image of the engine, and pushes it when that is wanted.</summary>
internal sealed class ExportImage(Builder builder, SessionRegistry registry)
{
    /// <summary>Exports.</summary>
    /// <param name="build">For whom.</param>
    /// <param name="results">The result of each platform.</param>
    /// <param name="order">How.</param>
    /// <returns>What the client is told.</returns>
    internal Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, ExportOrder order)
    {
        var names = order.Names;
        var step = build.Progress.Step("exporting to image", results.Select(result => result.Step(result.Plan.Graph.Result)));
        return step.RunAsync<IReadOnlyDictionary<string, string>>(async () =>
        {
            var form = ExportForm.Of(build, results[0], order);
            step.Part("exporting layers", 0, 0, done: false);
            var image = await builder.ImageSet.StoreAsync([.. results.Select(result => result.Plan)], form, names, build.Canceled).ConfigureAwait(false);
            step.Part("exporting layers", 0, 0, done: true);
            step.Part($"writing image {image.Config.Digest}", 0, 0, done: true);
            foreach (var name in names)
            {
                step.Part($"naming to {name}", 0, 0, done: true);
            }

            var told = Response(image, names);
            if (order.Push && order.Type != "moby")
            {
                // Clients that know this engine as docker's own exporter (moby) push by themselves.
                foreach (var name in names)
                {
                    told["containerimage.digest"] = await PushAsync(build, name).ConfigureAwait(false) ?? told["containerimage.digest"];
                }
            }

            return told;
        });
    }

    internal static Dictionary<string, string> Response(StoredImage image, IReadOnlyList<Reference> names) => new()
    {
        ["containerimage.config.digest"] = image.Config.Digest.ToString(),
        // An image's id in this engine is its config's digest, and clients compare.
        ["containerimage.digest"] = (MediaTypes.IsIndex(image.Target.MediaType) ? image.Target : image.Config).Digest.ToString(),
        ["containerimage.descriptor"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"mediaType":"{{image.Target.MediaType}}","digest":"{{image.Target.Digest}}","size":{{image.Target.Size}}}""")),
        ["image.name"] = string.Join(',', names),
    };

    private async Task<string?> PushAsync(ClientBuild build, Reference name)
    {
        var step = build.Progress.Step($"pushing {name}");
        string? digest = null;
        return await step.RunAsync(async () =>
        {
            await registry.PushAsync(build.Session, name, Report, build.Canceled).ConfigureAwait(false);
            return digest;
        }).ConfigureAwait(false);

        void Report(JsonMessage message)
        {
            if (message.Aux is { } aux && aux.TryGetProperty("Digest", out var value))
            {
                digest = value.GetString();
            }
            else if (message is { Id: { Length: > 0 } layer, ProgressDetail: { } detail })
            {
                step.Part($"pushing layer {layer}", detail.Current, detail.Total, done: message.Status is "Pushed" or "Layer already exists");
            }
        }
    }
}
