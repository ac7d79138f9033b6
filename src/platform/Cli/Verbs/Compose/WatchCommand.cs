using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Slipway.Cli.Options;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.Compose;
using Slipway.Compose.Actions;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose watch</c>: brings changes of files into containers, as <c>develop.watch</c> says.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(300);

    public static ComposeEntry Entry() => new(
        ["watch"], "Bring changes of files into containers as they happen", "[SERVICE...]", new FlagTable().Bool("no-up", "Do not start services first").Bool("quiet", "Do not show builds").Bool("prune", "Accepted for compatibility", value: true),
        async compose =>
        {
            Project project = compose.Load();
            IReadOnlyList<Service> services = DependencyOrder.With(project, compose.Services(project), dependencies: true);
            if (!compose.Flags.Bool("no-up"))
            {
                await new Up(compose.Work, project, new UpOptions { Services = compose.Arguments, Build = services.Any(s => s.Build is not null) ? null : false }, ComposeImages.Sources(compose, compose.Flags.Bool("quiet"))).RunAsync(CancellationToken.None);
            }

            return await WatchAsync(compose, project, services);
        });

    /// <summary>Watches until the user stops it.</summary>
    /// <param name="compose">The command.</param>
    /// <param name="project">The project.</param>
    /// <param name="services">Services whose triggers count.</param>
    public static async Task<int> WatchAsync(ComposeCall compose, Project project, IReadOnlyList<Service> services)
    {
        List<WatchTrigger> triggers = [.. services.SelectMany(WatchTrigger.Of)];
        if (triggers.Count == 0)
        {
            throw new CommandException("none of the selected services is configured for watch, consider setting a 'develop' section");
        }

        using CancellationTokenSource cancel = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => { c.Cancel = true; cancel.Cancel(); });
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => { c.Cancel = true; cancel.Cancel(); });
        await compose.Error.WriteLineAsync("Watch enabled");
        try
        {
            await Task.WhenAll(triggers.Select(t => OneAsync(compose, project, t, cancel.Token)));
        }
        catch (OperationCanceledException)
        {
            // The user has seen enough.
        }

        return 0;
    }

    private static async Task OneAsync(ComposeCall compose, Project project, WatchTrigger trigger, CancellationToken cancel)
    {
        ConcurrentDictionary<string, bool> changed = new(StringComparer.Ordinal);
        if (trigger.InitialSync)
        {
            await ApplyAsync(compose, project, trigger, trigger.Present());
        }

        using SemaphoreSlim signal = new(0);
        void Note(string path)
        {
            if (!trigger.Ignores(path))
            {
                changed[path] = true;
                signal.Release();
            }
        }

        bool directory = Directory.Exists(trigger.Path);
        using FileSystemWatcher watcher = new(directory ? trigger.Path : Path.GetDirectoryName(trigger.Path)!) { IncludeSubdirectories = directory, InternalBufferSize = 64 * 1024 };
        if (!directory)
        {
            watcher.Filter = Path.GetFileName(trigger.Path);
        }

        watcher.Changed += (_, e) => Note(e.FullPath);
        watcher.Created += (_, e) => Note(e.FullPath);
        watcher.Deleted += (_, e) => Note(e.FullPath);
        watcher.Renamed += (_, e) => { Note(e.OldFullPath); Note(e.FullPath); };
        watcher.EnableRaisingEvents = true;
        while (true)
        {
            await signal.WaitAsync(cancel);
            do
            {
                await Task.Delay(s_quiet, compose.Call.Time, cancel);
            }
            while (await signal.WaitAsync(TimeSpan.Zero, cancel));

            List<string> paths = [.. changed.Keys.Where(k => changed.TryRemove(k, out _))];
            await ApplyAsync(compose, project, trigger, paths);
        }
    }

    // What changes one service at the same time would meet in its containers.
    private static async Task ApplyAsync(ComposeCall compose, Project project, WatchTrigger trigger, IReadOnlyList<string> paths)
    {
        await trigger.Turn.WaitAsync();
        try
        {
            Service service = trigger.Service;
            await compose.Error.WriteLineAsync($"{trigger.Action} \"{service.Name}\" after changes were detected");
            if (trigger.Action == "rebuild")
            {
                UpOptions options = new() { Services = [service.Name], NoDependencies = true, Build = true, IgnoreOrphans = true };
                await new Up(compose.Work, project, options, ComposeImages.Sources(compose, compose.Flags.Bool("quiet"))).RunAsync(CancellationToken.None);
                return;
            }

            foreach (ObservedContainer container in (await Observed.OfAsync(compose.Engine, project.Name)).Of(service.Name).Where(c => c.Running))
            {
                foreach (string path in trigger.Action.StartsWith("sync", StringComparison.Ordinal) ? paths : [])
                {
                    await SyncAsync(compose.Engine, container.Id, path, trigger.TargetOf(path));
                }

                await AfterAsync(compose, trigger, container.Id);
            }
        }
        catch (Exception e) when (e is EngineApiException or IOException or ComposeException)
        {
            await compose.Error.WriteLineAsync("warning: " + e.Message);
        }
        finally
        {
            trigger.Turn.Release();
        }
    }

    private static async Task AfterAsync(ComposeCall compose, WatchTrigger trigger, string id)
    {
        if (trigger.Action is "restart" or "sync+restart")
        {
            await compose.Engine.RestartContainerAsync(id, trigger.Service.StopSeconds);
        }
        else if (trigger.Action == "sync+exec")
        {
            await ExecAsync(compose.Engine, id, trigger.Command);
        }
    }

    private static async Task SyncAsync(EngineClient engine, string id, string path, string target)
    {
        if (!Path.Exists(path))
        {
            await ExecAsync(engine, id, ["rm", "-rf", "--", target]);
            return;
        }

        // Directories on the way are part of the archive, so they need not exist.
        await using Stream tar = TarSource.Tree(path, target.TrimStart('/'));
        await engine.PutArchiveAsync(id, "/", tar);
    }

    private static async Task ExecAsync(EngineClient engine, string id, IReadOnlyList<string> command)
    {
        IdResponse exec = await engine.CreateExecAsync(id, new ExecCreateRequest { Cmd = command, AttachStdout = true, AttachStderr = true });
        await using HijackedStream stream = await engine.StartExecAsync(exec.Id, new ExecStartRequest());
        await stream.CopyToAsync(Stream.Null);
    }
}
