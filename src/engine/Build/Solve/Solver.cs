using System.Collections.Concurrent;
using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Engine.Images;

namespace Slipway.Build.Solve;

/// <summary>
/// Solves the nodes of one build's graph: each once, those that do not wait for each other at the same time, and only those that the result
/// needs. The first failure ends the rest.
/// </summary>
internal sealed class Solver : IDisposable
{
    private readonly Builder _builder;
    private readonly SolveInputs _inputs;
    private readonly Action<BuildEvent> _report;
    private readonly ConcurrentDictionary<Operation, Lazy<Task<Solved>>> _solved = [];
    private readonly ConcurrentBag<BuildContext> _fetched = [];
    private readonly CancellationTokenSource _stop;
    private readonly SolveCopy _copy;
    private readonly SolveRun _run;
    private Exception? _failure;

    internal Solver(Builder builder, SolveInputs inputs, Action<BuildEvent> report, CancellationToken cancel)
    {
        (_builder, _inputs, _report) = (builder, inputs, report);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _copy = new SolveCopy(builder);
        _run = new SolveRun(builder, inputs);
    }

    /// <summary>What went wrong first; null when nothing did.</summary>
    internal Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>The node's result.</summary>
    /// <exception cref="EngineException">A step failed; <see cref="RunFailedException"/> when a command did.</exception>
    internal Task<Solved> SolveAsync(Operation node) =>
        _solved.GetOrAdd(node, one => new Lazy<Task<Solved>>(() => Task.Run(() => SolveOneAsync(one)))).Value;

    /// <summary>The nodes that were solved and on which no other stands, each the top of a stack.</summary>
    internal IReadOnlyList<LayerStep> Tops(BuildGraph graph)
    {
        var done = graph.Operations.OfType<LayerStep>().Where(step => _solved.TryGetValue(step, out var work) && work.IsValueCreated && work.Value.IsCompletedSuccessfully).ToList();
        var below = done.Select(step => step.Input).ToHashSet();
        return [.. done.Where(step => !below.Contains(step))];
    }

    /// <summary>Waits for everything that was begun, so that nothing of the build is at work afterwards.</summary>
    internal async Task EndAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var work in _solved.Values.Where(work => work.IsValueCreated))
        {
            await ((Task)work.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        foreach (var context in _fetched)
        {
            context.Dispose();
        }

        _stop.Dispose();
    }

    private async Task<Solved> SolveOneAsync(Operation node)
    {
        var progress = new NodeProgress(node, _report, _builder.Engine.Time);
        var inputs = await InputsAsync(node).ConfigureAwait(false);
        try
        {
            var solved = node switch
            {
                ImageSource image => await ImageAsync(image).ConfigureAwait(false),
                ScratchSource => Scratch(),
                LocalSource local => await OpenAsync(progress, local).ConfigureAwait(false),
                HttpSource http => await FetchAsync(progress, () => RemoteFile.FetchAsync(_builder.Engine, http, _stop.Token)).ConfigureAwait(false),
                GitSource git => await FetchAsync(progress, () => new GitCheckout(_builder).FetchAsync(git, _stop.Token)).ConfigureAwait(false),
                MakeDirectory directory => await _copy.MakeDirectoryAsync(directory, inputs, progress, _stop.Token).ConfigureAwait(false),
                CopyStep copy => await _copy.RunAsync(copy, inputs, progress, _stop.Token).ConfigureAwait(false),
                Graph.RunStep run => await _run.RunAsync(run, inputs, progress, _stop.Token).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"unknown operation {node.GetType().Name}"),
            };
            progress.Done(solved);
            return solved;
        }
        catch (Exception e)
        {
            if (e is not OperationCanceledException)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }

            progress.Failed(e);
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<IReadOnlyDictionary<Operation, Solved>> InputsAsync(Operation node)
    {
        var inputs = node.Inputs.Distinct().ToList();
        var solved = await Task.WhenAll(inputs.Select(SolveAsync)).ConfigureAwait(false);
        return inputs.Zip(solved).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private async Task<Solved> ImageAsync(ImageSource source)
    {
        var image = await _inputs.ImageAsync(source, _stop.Token).ConfigureAwait(false);
        var manifest = image.ManifestDigest == image.Image.Record.ManifestDigest ? image.Image.Manifest : new ChosenManifest(image.ManifestDigest).Read(_builder.Engine.Content).Manifest;
        var top = _builder.Engine.StepLayers.Known(image.Config.RootFs.DiffIds, manifest.Layers, out var missing);
        if (missing)
        {
            throw new EngineException(ErrorKind.Damaged, $"image {source.Reference.Familiar} has lost a layer");
        }

        using var key = new CacheKey("image");
        return new Solved(key.Add(image.ChainId).Finish(), top, null, null, Cached: false);
    }

    private static Solved Scratch()
    {
        using var key = new CacheKey("scratch");
        return new Solved(key.Finish(), null, null, null, Cached: false);
    }

    private async Task<Solved> OpenAsync(NodeProgress progress, LocalSource source)
    {
        progress.Started();
        return new Solved("", null, null, null, Cached: false) { Files = await _inputs.FilesAsync(source, _stop.Token).ConfigureAwait(false) };
    }

    private async Task<Solved> FetchAsync(NodeProgress progress, Func<Task<BuildContext>> fetch)
    {
        progress.Started();
        var files = await fetch().ConfigureAwait(false);
        _fetched.Add(files);
        return new Solved("", null, null, null, Cached: false) { Files = files };
    }
}
