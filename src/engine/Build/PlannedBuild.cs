using Slipway.Build.Context;
using Slipway.Build.Graph;
using Slipway.Build.Results;
using Slipway.Build.Solve;
using Slipway.Engine;
using Slipway.Engine.Steps;
using Slipway.Oci;

namespace Slipway.Build;

/// <summary>A build whose graph is known: it is solved, and its result becomes an image or is read. Until it is disposed nothing that it uses goes away.</summary>
public sealed class PlannedBuild : IAsyncDisposable
{
    private readonly Builder _builder;
    private readonly SolveInputs _inputs;
    private readonly IDisposable _lease;
    private Solver? _solver;
    private Solved? _solved;
    private bool _disposed;

    internal PlannedBuild(Builder builder, SolveInputs inputs, BuildGraph graph, IDisposable lease) =>
        (_builder, _inputs, Graph, _lease) = (builder, inputs, graph, lease);

    /// <summary>What has to be done.</summary>
    public BuildGraph Graph { get; }

    /// <summary>Does it. Afterwards there is a result.</summary>
    /// <param name="report">Is told what happens.</param>
    /// <param name="cancel">Stops it; nothing goes on.</param>
    /// <exception cref="EngineException">A step failed.</exception>
    /// <exception cref="RunFailedException">A command failed.</exception>
    public async Task SolveAsync(Action<BuildEvent> report, CancellationToken cancel)
    {
        var solver = _solver = new Solver(_builder, _inputs, report, cancel);
        try
        {
            _solved = await solver.SolveAsync(Graph.Result).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && solver.Failure is not null)
        {
            // The first failure stopped the others; it is what went wrong.
            throw solver.Failure;
        }
    }

    /// <summary>Stores the result as an image with these names.</summary>
    /// <exception cref="EngineException">It cannot be stored.</exception>
    public Task<BuiltImage> StoreAsync(IReadOnlyList<Reference> names, CancellationToken cancel) =>
        new ImageResult(_builder).StoreAsync(Graph, Solved, _solver!, names, cancel);

    internal Task<(ImageConfig Config, IReadOnlyList<LayerContent> Layers, IReadOnlyList<Solved> Steps)> FinishAsync(CancellationToken cancel) =>
        new ImageResult(_builder).FinishAsync(Graph, Solved, _solver!, cancel);

    /// <summary>Every stack that the build made: its layers and the steps that made them.</summary>
    /// <param name="all">Also those of stages that the result only copies from.</param>
    internal async Task<IReadOnlyList<(IReadOnlyList<LayerContent> Layers, IReadOnlyList<Solved> Steps)>> StacksAsync(bool all)
    {
        var stacks = new List<(IReadOnlyList<LayerContent>, IReadOnlyList<Solved>)>();
        IReadOnlyList<Operation> tops = [.. (all ? _solver!.Tops(Graph) : []).Where(top => top != Graph.Result), Graph.Result];
        foreach (var top in tops)
        {
            var solved = await _solver!.SolveAsync(top).ConfigureAwait(false);
            stacks.Add((await StepLayer.ContentsAsync(solved.Top).ConfigureAwait(false), await ImageResult.StepsAsync(top, _solver).ConfigureAwait(false)));
        }

        return stacks;
    }

    /// <summary>The result's files, read-only, until the answer is disposed.</summary>
    public ResultTree OpenTree() => new(SourceTree.Of(_builder.Engine, Solved.Top));

    private Solved Solved => _solved ?? throw new InvalidOperationException("the build has not been solved");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_solver is { } solver)
        {
            await solver.EndAsync().ConfigureAwait(false);
            solver.Dispose();
        }

        _builder.Commits.Leave();
        _lease.Dispose();
    }
}

/// <summary>The files of a build's result.</summary>
public sealed class ResultTree : IDisposable
{
    private readonly SourceTree _tree;

    internal ResultTree(SourceTree tree) => _tree = tree;

    /// <summary>The only door to them: an image's files name each other.</summary>
    public Linux.SafePath Root => _tree.Root;

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();
}
