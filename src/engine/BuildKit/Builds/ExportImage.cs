using Slipway.BuildKit.Sessions;
using Slipway.DockerApi;
using Slipway.Engine.Steps;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Stores a result as an image of the engine, and pushes it when that is wanted.</summary>
internal sealed class ExportImage(SessionRegistry registry)
{
    /// <summary>Exports.</summary>
    /// <returns>What the client is told.</returns>
    internal Task<IReadOnlyDictionary<string, string>> RunAsync(ClientBuild build, FrontendResult result, ExportOrder order)
    {
        var names = order.Names;
        var step = build.Progress.Step("exporting to image", [result.Step(result.Plan.Graph.Result)]);
        return step.RunAsync<IReadOnlyDictionary<string, string>>(async () =>
        {
            step.Part("exporting layers", 0, 0, done: false);
            var image = await result.Plan.StoreAsync(names, build.Canceled).ConfigureAwait(false);
            step.Part("exporting layers", 0, 0, done: true);
            step.Part($"writing image {image.Config.Digest}", 0, 0, done: true);
            foreach (var name in names)
            {
                step.Part($"naming to {name}", 0, 0, done: true);
            }

            // Clients that know this engine as docker's own exporter (moby) push by themselves.
            var told = Response(image, names);
            if (order.Push && order.Type != "moby")
            {
                foreach (var name in names)
                {
                    told["containerimage.digest"] = await PushAsync(build, name).ConfigureAwait(false) ?? told["containerimage.digest"];
                }
            }

            return told;
        });
    }

    private static Dictionary<string, string> Response(BuiltImage image, IReadOnlyList<Reference> names) => new()
    {
        ["containerimage.config.digest"] = image.Config.Digest.ToString(),
        // An image's id in this engine is its config's digest, and clients compare.
        ["containerimage.digest"] = image.Config.Digest.ToString(),
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
