using Slipway.Build.Graph;
using Slipway.Build.Solve;
using Slipway.DockerApi;
using Slipway.Engine.Images;
using Slipway.Engine.Steps;
using Slipway.Oci;

namespace Slipway.Build.Results;

/// <summary>Makes the image of a solved graph: its config with layers, history and times, its manifest, its names.</summary>
internal sealed class ImageResult(Builder builder)
{
    /// <summary>Stores the image with all its layers.</summary>
    /// <returns>The image's documents.</returns>
    internal async Task<BuiltImage> StoreAsync(BuildGraph graph, Solved solved, Solver solver, IReadOnlyList<Reference> names, CancellationToken cancel)
    {
        var (config, layers, _) = await FinishAsync(graph, solved, solver, cancel).ConfigureAwait(false);
        var image = new BuiltImage(config, [.. layers.Select(layer => layer.Blob)], names);
        if (!Exists(image, names))
        {
            await builder.Commits.CommitAsync(image).ConfigureAwait(false);
            foreach (var name in names)
            {
                builder.Engine.Events.Publish("image", "tag", image.Config.Digest.ToString(), ImageEvents.Attributes(name.Familiar, config));
            }
        }

        return image;
    }

    /// <summary>The config, with the layers and the steps that made them.</summary>
    internal async Task<(ImageConfig Config, IReadOnlyList<LayerContent> Layers, IReadOnlyList<Solved> Steps)> FinishAsync(BuildGraph graph, Solved solved, Solver solver, CancellationToken cancel)
    {
        var layers = await StepLayer.ContentsAsync(solved.Top).WaitAsync(cancel).ConfigureAwait(false);
        var steps = await StepsAsync(graph.Result, solver).ConfigureAwait(false);
        return (Finish(graph, steps, layers), layers, steps);
    }

    // The steps of the stages that the image is made of, the first one first.
    internal static async Task<IReadOnlyList<Solved>> StepsAsync(Operation result, Solver solver)
    {
        var steps = new List<Solved>();
        for (var node = result; node is LayerStep step; node = step.Input)
        {
            steps.Add(await solver.SolveAsync(step).ConfigureAwait(false));
        }

        steps.Reverse();
        return steps;
    }

    private ImageConfig Finish(BuildGraph graph, IReadOnlyList<Solved> steps, IReadOnlyList<LayerContent> layers)
    {
        var epoch = graph.SourceDateEpoch is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
        var last = epoch is null && GoTime.TryParse(graph.BaseConfig?.Created ?? "", out var start) ? start : (DateTimeOffset?)null;
        var history = new List<HistoryEntry>();
        var next = 0;
        foreach (var (index, entry) in graph.Config.History.Index())
        {
            if (index < (graph.BaseConfig?.History.Count ?? 0))
            {
                history.Add(entry);
                continue;
            }

            var step = entry.EmptyLayer ? null : steps[next++];
            last = epoch ?? Later(last, step?.Created);
            history.Add(entry with { Created = entry.Created ?? (last is { } time ? GoTime.Format(time) : null), EmptyLayer = step?.Own is null });
        }

        var created = GoTime.Format(epoch ?? last ?? builder.Engine.Time.GetUtcNow());
        return graph.Config with
        {
            Created = created,
            RootFs = new RootFs { DiffIds = [.. layers.Select(layer => layer.DiffId)] },
            History = [.. history.Select(entry => entry.Created is null ? entry with { Created = created } : entry)],
        };
    }

    private static DateTimeOffset? Later(DateTimeOffset? first, DateTimeOffset? second) => first is null || second > first ? second ?? first : first;

    private bool Exists(BuiltImage image, IReadOnlyList<Reference> names) =>
        builder.Engine.Images.All.FirstOrDefault(other => other.Record.Target.Digest == image.Target.Digest) is { } present
        && names.All(name => present.Record.Names.Contains(name.TagNameOnly().ToString()));
}
