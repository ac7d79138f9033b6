using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Copying;
using Slipway.Build.Graph;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Layers;
using Slipway.Engine.Steps;
using Slipway.Linux;

namespace Slipway.Build.Solve;

/// <summary>COPY, ADD and WORKDIR.</summary>
internal sealed class SolveCopy(Builder builder)
{
    private readonly StepWork _work = new(builder);
    private readonly CopyWork _copy = new(builder);

    internal Task<Solved> MakeDirectoryAsync(MakeDirectory step, IReadOnlyDictionary<Operation, Solved> inputs, NodeProgress progress, CancellationToken cancel)
    {
        var input = inputs[step.Input];
        var owner = _copy.Owner(step.Owner, input.Top);
        using var key = new CacheKey("mkdir");
        var order = new StepOrder
        {
            Key = key.Add(input.Key).Add(step.Path).Add(owner is { } user ? $"{user.Uid}:{user.Gid}" : "").Finish(),
            Input = input, Description = step.Name, NoCache = step.IgnoreCache, Started = progress.Started, Output = progress.Output,
            Work = (_, _) => Task.FromResult(_copy.MakeDirectory(input.Top, step.Path, owner)),
        };
        return _work.RunAsync(order, cancel);
    }

    /// <summary>Copies. Sources that are other steps' results are looked at only when their names alone do not lead to a result.</summary>
    internal async Task<Solved> RunAsync(CopyStep step, IReadOnlyDictionary<Operation, Solved> inputs, NodeProgress progress, CancellationToken cancel)
    {
        var input = inputs[step.Input];
        var orders = Orders(step, inputs, input.Top);
        var early = step.Sources.All(source => source.From is null || inputs[source.From].Files is null) ? EarlyKey(step, input, inputs, orders) : null;
        var order = new StepOrder
        {
            Key = early ?? "", Input = input, Others = [.. inputs.Values.Where(other => other != input && other.Files is null)],
            Description = step.Name, NoCache = step.IgnoreCache, Started = progress.Started, Output = progress.Output,
            Type = "regular", Work = (_, _) => Task.FromResult<string?>(null),
        };
        if (early is not null && !step.IgnoreCache && await _work.FindAsync(order).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        var sources = await Task.Run(() => Open(step, inputs, orders, cancel), cancel).ConfigureAwait(false);
        try
        {
            var key = Key(step, input, orders, sources);
            order = order with { Key = key, Work = (_, stop) => Task.Run(() => Write(step, input, orders, sources, stop), stop) };
            var solved = await _work.RunAsync(order, cancel).ConfigureAwait(false);
            if (early is not null && early != key)
            {
                builder.Commits.Alias(early, key);
            }

            return solved;
        }
        finally
        {
            sources.ForEach(source => source?.Dispose());
        }
    }

    private IReadOnlyList<CopyOrder> Orders(CopyStep step, IReadOnlyDictionary<Operation, Solved> inputs, StepLayer? top)
    {
        var owner = _copy.Owner(step.Owner, top);
        var excluded = step.Excludes.Count == 0 ? null : IgnorePatterns.From(step.Excludes);
        return [.. step.Sources.Select(source => new CopyOrder
        {
            Sources = [source.Path],
            Wildcards = source.Wildcards,
            Destination = step.Sources.Count > 1 && !step.Destination.EndsWith('/') ? step.Destination + "/" : step.Destination,
            Owner = owner ?? (source.From is null || inputs[source.From].Files is not null ? (0u, 0u) : null),
            Mode = step.Mode is { } mode ? new ModeChange(mode) : source.DefaultMode is { } bits ? new ModeChange(Convert.ToString(bits, 8)) : null,
            Parents = step.Parents,
            Link = step.Link,
            Unpack = source.Unpack,
            Excluded = excluded is null ? null : path => excluded.Excludes(path),
            Verb = step.IsAdd ? "ADD" : "COPY",
        })];
    }

    private static string EarlyKey(CopyStep step, Solved input, IReadOnlyDictionary<Operation, Solved> inputs, IReadOnlyList<CopyOrder> orders)
    {
        using var key = new CacheKey("copy-names-2");
        key.Add(input.Key).Add(step.Excludes);
        foreach (var (source, order) in step.Sources.Zip(orders))
        {
            key.Add(source.From is null ? "" : inputs[source.From].Key).Add(source.Path).Add(source.Content).Add(source.Wildcards);
            CopyWork.AddManner(key, order);
        }

        return key.Finish();
    }

    private static string Key(CopyStep step, Solved input, IReadOnlyList<CopyOrder> orders, IReadOnlyList<OpenSource?> sources)
    {
        using var key = new CacheKey("copy");
        key.Add(input.Key);
        for (var i = 0; i < orders.Count; i++)
        {
            key.Add(sources[i]?.Digest ?? []).Add(sources[i] is null ? step.Sources[i].Path : "").Add(step.Sources[i].Content);
            CopyWork.AddManner(key, orders[i]);
        }

        return key.Finish();
    }

    private List<OpenSource?> Open(CopyStep step, IReadOnlyDictionary<Operation, Solved> inputs, IReadOnlyList<CopyOrder> orders, CancellationToken cancel)
    {
        var opened = new List<OpenSource?>();
        try
        {
            foreach (var (source, order) in step.Sources.Zip(orders))
            {
                opened.Add(source.From is null ? null : OpenSource.Open(builder.Engine, inputs[source.From], order, cancel));
            }

            return opened;
        }
        catch (Exception e)
        {
            opened.ForEach(one => one?.Dispose());
            throw LayerErrors.Translate(e) ?? e;
        }
    }

    private string? Write(CopyStep step, Solved input, IReadOnlyList<CopyOrder> orders, List<OpenSource?> sources, CancellationToken stop) =>
        _copy.Make(input.Top, step.Link, target =>
        {
            for (var i = 0; i < orders.Count; i++)
            {
                if (sources[i] is { } open)
                {
                    new CopyFiles(open.Tree, target, orders[i], stop).Run(open.Found);
                }
                else
                {
                    CopyWork.Write(target, orders[i], step.Sources[i].Path, PathText.Encode(step.Sources[i].Content ?? ""));
                }
            }
        });
}

/// <summary>A source of a copy, looked at: what it names and a digest of that.</summary>
internal sealed record OpenSource(SourceTree Tree, IReadOnlyList<FoundSource> Found, byte[] Digest) : IDisposable
{
    /// <summary>Finds and hashes.</summary>
    internal static OpenSource Open(SlipwayEngine engine, Solved from, CopyOrder order, CancellationToken cancel)
    {
        var tree = from.Files is { } files ? SourceTree.Of(files) : SourceTree.Of(engine, from.Top);
        try
        {
            var found = SourceSelection.Find(tree, order);
            return new OpenSource(tree, found, new SourceDigest(tree, order, cancel).Compute(found));
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    public void Dispose() => Tree.Dispose();
}
