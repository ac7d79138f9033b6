using System.Text;
using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Copying;
using Slipway.Build.Graph;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Layers;
using Slipway.Engine.Steps;

namespace Slipway.Build.Solve;

/// <summary>RUN.</summary>
internal sealed class SolveRun(Builder builder, SolveInputs inputs)
{
    private readonly StepWork _work = new(builder);
    private readonly RunMounts _mounts = new(builder, inputs);

    internal async Task<Solved> RunAsync(Graph.RunStep step, IReadOnlyDictionary<Operation, Solved> solved, NodeProgress progress, CancellationToken cancel)
    {
        if (step.Insecure)
        {
            throw EngineException.Invalid("security.insecure is not allowed");
        }

        var input = solved[step.Input];
        var order = new StepOrder
        {
            Key = await Task.Run(() => Key(step, solved, cancel), cancel).ConfigureAwait(false),
            Input = input,
            Others = [.. solved.Values.Where(other => other != input && other.Files is null)],
            Description = step.Name,
            NoCache = step.IgnoreCache,
            Started = progress.Started,
            Output = progress.Output,
            Work = (flight, stop) => RunOnceAsync(step, solved, flight, stop),
        };
        return await _work.RunAsync(order, cancel).ConfigureAwait(false);
    }

    private async Task<string?> RunOnceAsync(Graph.RunStep step, IReadOnlyDictionary<Operation, Solved> solved, Flight flight, CancellationToken stop)
    {
        ForeignPrograms.Check(step.Platform);
        using var mounts = await _mounts.OpenAsync(step, solved, stop).ConfigureAwait(false);
        await builder.Slots.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            var result = await builder.Engine.RunStep.RunAsync(Request(step, solved[step.Input], mounts), flight.Publish, stop).ConfigureAwait(false);
            return result.ExitCode == 0 ? result.Upper : throw new RunFailedException(string.Join(' ', step.Arguments), result.ExitCode);
        }
        finally
        {
            builder.Slots.Release();
        }
    }

    private StepRequest Request(Graph.RunStep step, Solved input, OpenMounts mounts) => new()
    {
        LowerDirs = StepLayer.Directories(input.Top),
        Args = step.Arguments,
        Config = new ContainerConfig
        {
            Env = [.. step.Environment, .. step.ProxyEnvironment, .. mounts.Environment],
            WorkingDir = step.WorkingDirectory,
            User = step.User,
        },
        Host = inputs.Request.Host with { NetworkMode = Network(step) },
        Mounts = mounts.Mounts,
    };

    private string Network(Graph.RunStep step) => step.Network switch
    {
        RunNetwork.None => "none",
        RunNetwork.Host => "host",
        _ => inputs.Request.Host.NetworkMode,
    };

    private static string Key(Graph.RunStep step, IReadOnlyDictionary<Operation, Solved> solved, CancellationToken cancel)
    {
        using var key = new CacheKey("run");
        key.Add(solved[step.Input].Key).Add(step.Arguments).Add(step.Environment).Add(step.WorkingDirectory).Add(step.User).Add((long)step.Network);
        key.Add(step.Script?.Path).Add(step.Script?.Content);
        foreach (var mount in step.Mounts)
        {
            key.Add((long)mount.Kind).Add(mount.Target).Add(mount.SourcePath).Add(mount.ReadOnly).Add(mount.Id).Add((long)mount.Sharing)
                .Add(mount.Required).Add(mount.Mode ?? -1).Add(mount.UserId).Add(mount.GroupId).Add(mount.Size).Add(mount.EnvironmentVariable)
                .Add(mount.From is null ? [] : Content(solved[mount.From], mount.SourcePath, cancel));
        }

        return key.Finish();
    }

    private static byte[] Content(Solved from, string path, CancellationToken cancel)
    {
        if (from.Files is not { } files)
        {
            return Encoding.ASCII.GetBytes(from.Key);
        }

        try
        {
            using var tree = SourceTree.Of(files);
            var order = new CopyOrder { Sources = [path], Wildcards = false, Destination = "/" };
            return new SourceDigest(tree, order, cancel).Compute(SourceSelection.Find(tree, order));
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
    }
}
