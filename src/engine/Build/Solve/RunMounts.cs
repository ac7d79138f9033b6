using System.Text;
using Slipway.Build.Context;
using Slipway.Build.Copying;
using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Engine.Steps;
using Slipway.Linux;

namespace Slipway.Build.Solve;

/// <summary>What a command is given beside its file system, held until it has ended.</summary>
internal sealed record OpenMounts(IReadOnlyList<StepMount> Mounts, IReadOnlyList<string> Environment, IReadOnlyList<IDisposable> Held) : IDisposable
{
    public void Dispose()
    {
        foreach (var held in Held)
        {
            held.Dispose();
        }
    }
}

/// <summary>Makes <c>RUN --mount</c> into mounts of a step: binds, caches, memory, secrets.</summary>
internal sealed class RunMounts(Builder builder, SolveInputs inputs)
{
    private const UnixFileMode UsualSecret = UnixFileMode.UserRead;
    private const UnixFileMode Executable = (UnixFileMode)0x1ED;

    /// <summary>Prepares a command's mounts.</summary>
    /// <exception cref="EngineException">A secret that is required is missing.</exception>
    internal async Task<OpenMounts> OpenAsync(Graph.RunStep step, IReadOnlyDictionary<Operation, Solved> solved, CancellationToken cancel)
    {
        var mounts = new List<StepMount>();
        var environment = new List<string>();
        var held = new List<IDisposable>();
        try
        {
            if (step.Script is { } script)
            {
                mounts.Add(new StepMount { Destination = script.Path, File = new StepFile(Encoding.UTF8.GetBytes(script.Content), 0, 0, Executable) });
            }

            foreach (var mount in step.Mounts)
            {
                switch (mount.Kind)
                {
                    case RunMountKind.Bind:
                        mounts.Add(Bind(mount, solved[mount.From!]));
                        break;
                    case RunMountKind.Cache:
                        mounts.Add(await CacheAsync(mount, solved, held, cancel).ConfigureAwait(false));
                        break;
                    case RunMountKind.Tmpfs:
                        mounts.Add(new StepMount { Destination = mount.Target!, TmpfsSize = mount.Size, Writable = true });
                        break;
                    case RunMountKind.Secret:
                        await AddSecretAsync(mount, mounts, environment, cancel).ConfigureAwait(false);
                        break;
                    case RunMountKind.Ssh:
                        await AddAgentAsync(step, mount, mounts, environment, held, cancel).ConfigureAwait(false);
                        break;
                }
            }

            return new OpenMounts([.. mounts.OrderBy(mount => mount.Destination.Count(c => c == '/'))], environment, held);
        }
        catch
        {
            held.ForEach(one => one.Dispose());
            throw;
        }
    }

    // A context is shown as a layer, so that what is written to it is thrown away.
    private static StepMount Bind(RunMount mount, Solved from) => new()
    {
        Destination = mount.Target!,
        Layers = from.Files is { } files ? [files.Directory] : StepLayer.Directories(from.Top),
        Subpath = mount.SourcePath,
        Writable = !mount.ReadOnly,
        IsFile = from.Files is { } tree && tree.Root.Stat(mount.SourcePath, followLast: true) is { IsDirectory: false },
    };

    private async Task<StepMount> CacheAsync(RunMount mount, IReadOnlyDictionary<Operation, Solved> solved, List<IDisposable> held, CancellationToken cancel)
    {
        var cache = await builder.CacheMounts.HoldAsync(mount.Id ?? mount.Target!, mount.Sharing, directory => Fill(mount, solved, directory, cancel), cancel).ConfigureAwait(false);
        held.Add(cache);
        return new StepMount { Destination = mount.Target!, Source = cache.Directory, Writable = !mount.ReadOnly };
    }

    private void Fill(RunMount mount, IReadOnlyDictionary<Operation, Solved> solved, string directory, CancellationToken cancel)
    {
        using var target = new LayerTarget(directory, null);
        if (mount.From is not null)
        {
            var from = solved[mount.From];
            using var tree = from.Files is { } files ? SourceTree.Of(files) : SourceTree.Of(builder.Engine, from.Top);
            // Copied, never linked: the commands will write to it.
            var order = new CopyOrder { Sources = [mount.SourcePath], Wildcards = false, Destination = "/", Linkable = false };
            new CopyFiles(tree, target, order, cancel).Run(SourceSelection.Find(tree, order));
        }

        target.Upper.SetOwner(".", (uint)mount.UserId, (uint)mount.GroupId);
        target.Upper.SetMode(".", (UnixFileMode)(mount.Mode ?? 0x1ED));
    }

    private async Task AddAgentAsync(Graph.RunStep step, RunMount mount, List<StepMount> mounts, List<string> environment, List<IDisposable> held, CancellationToken cancel)
    {
        const string variable = "SSH_AUTH_SOCK=";
        var id = mount.Id ?? "default";
        if (inputs.Request.Agents is not { } agents || !await agents.Has(id, cancel).ConfigureAwait(false))
        {
            if (mount.Required)
            {
                throw EngineException.Invalid($"unset ssh forward key {id}");
            }

            return;
        }

        var socket = new AgentSocket(builder.Engine, mount, (connection, stop) => agents.Forward(id, connection, stop));
        held.Add(socket);
        mounts.Add(new StepMount { Destination = mount.Target!, Source = socket.Path, IsFile = true, Writable = true });
        if (!step.Environment.Concat(environment).Any(one => one.StartsWith(variable, StringComparison.Ordinal)))
        {
            environment.Add(variable + mount.Target);
        }
    }

    private async Task AddSecretAsync(RunMount mount, List<StepMount> mounts, List<string> environment, CancellationToken cancel)
    {
        var id = mount.Id ?? "";
        var content = inputs.Request.Secrets is { } secrets ? await secrets(id, cancel).ConfigureAwait(false) : null;
        if (content is null)
        {
            if (mount.Required)
            {
                throw EngineException.Invalid($"secret {id}: not found");
            }

            return;
        }

        if (mount.EnvironmentVariable is { } name)
        {
            environment.Add($"{name}={PathText.Decode(content)}");
        }

        if (mount.Target is { } target)
        {
            var mode = mount.Mode is { } bits ? (UnixFileMode)bits : UsualSecret;
            mounts.Add(new StepMount { Destination = target, File = new StepFile(content, (uint)mount.UserId, (uint)mount.GroupId, mode) });
        }
    }
}
