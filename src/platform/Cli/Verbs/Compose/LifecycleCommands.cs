using System.Globalization;
using Slipway.Cli.Options;
using Slipway.Compose.Actions;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Commands that change the state of containers that exist, and <c>create</c> and <c>scale</c>.</summary>
internal static class LifecycleCommands
{
    private const string Services = "[SERVICE...]";

    public static ComposeEntry Create() => new(["create"], "Make containers without starting them", Services, UpCommand.Creation(new FlagTable()), async compose =>
    {
        Project project = compose.Load();
        await new Up(compose.Work, project, UpCommand.Options(compose, project, start: false), ComposeImages.Sources(compose, quiet: false)).RunAsync(CancellationToken.None);
        return 0;
    });

    public static ComposeEntry Scale() => new(["scale"], "Change the number of containers of services", "SERVICE=NUMBER...", new FlagTable().Bool("no-deps", "Leave what services need alone"), async compose =>
    {
        Project project = compose.Load();
        IReadOnlyDictionary<string, int> scale = UpCommand.Scale(compose.Arguments, project, text => $"invalid scale specifier: {text}");
        UpOptions options = new() { Services = [.. scale.Keys], Scale = scale, NoDependencies = compose.Flags.Bool("no-deps"), Recreation = Recreation.Never, DependencyRecreation = Recreation.Never, IgnoreOrphans = true };
        await new Up(compose.Work, project, options, ComposeImages.Sources(compose, quiet: false)).RunAsync(CancellationToken.None);
        return 0;
    })
    { MinArguments = 1 };

    public static ComposeEntry Start() => Simple("start", "Start containers", new FlagTable().Bool("wait", "Wait until services run and are healthy").Int("wait-timeout", "Wait at most this many seconds"), async (life, services, compose) =>
    {
        await life.StartAsync(services, CancellationToken.None);
        if (compose.Flags.Bool("wait"))
        {
            await UpCommand.WithinAsync(compose, cancellation => life.WaitAsync(services, cancellation));
        }
    });

    public static ComposeEntry Stop() => Simple("stop", "Stop containers", Timeout(), (life, services, _) => life.StopAsync(services, CancellationToken.None));

    public static ComposeEntry Restart() => Simple("restart", "Stop and start containers", Timeout().Bool("no-deps", "Leave services alone that restart with them"),
        (life, services, compose) => life.RestartAsync(services, !compose.Flags.Bool("no-deps"), CancellationToken.None));

    public static ComposeEntry Kill() => Simple("kill", "Send a signal to containers", new FlagTable().String("signal", 's', "The signal", "SIGKILL").Bool("remove-orphans", "Also to containers of services that are gone from the files"),
        async (life, services, compose) =>
        {
            if (await life.KillAsync(services, compose.Flags.String("signal"), compose.Flags.Bool("remove-orphans"), CancellationToken.None) == 0)
            {
                await compose.Error.WriteLineAsync("no container to kill");
            }
        });

    public static ComposeEntry Pause() => Simple("pause", "Pause containers", new FlagTable(), (life, services, _) => life.PauseAsync(services, CancellationToken.None));

    public static ComposeEntry Unpause() => Simple("unpause", "Let paused containers go on", new FlagTable(), (life, services, _) => life.UnpauseAsync(services, CancellationToken.None));

    public static ComposeEntry Remove() => Simple(
        "rm", "Remove stopped containers",
        Timeout().Bool("force", 'f', "Do not ask").Bool("stop", 's', "Stop them first").Bool("volumes", 'v', "Remove their anonymous volumes too").Add(new Flag("all", 'a', FlagKind.Bool, "", "") { Hidden = true }),
        async (life, services, compose) =>
        {
            if (compose.Flags.Bool("stop"))
            {
                await life.StopAsync(services, CancellationToken.None);
            }

            IReadOnlyList<ObservedContainer> stopped = await life.StoppedAsync(services, CancellationToken.None);
            if (stopped.Count == 0)
            {
                await compose.Error.WriteLineAsync("No stopped containers");
            }
            else if (await AgreesAsync(compose, "Going to remove " + string.Join(", ", stopped.Select(c => c.Name))))
            {
                await life.RemoveAsync(stopped, compose.Flags.Bool("volumes"), CancellationToken.None);
            }
        });

    private static async Task<bool> AgreesAsync(ComposeCall compose, string question)
    {
        if (!compose.Flags.Bool("force"))
        {
            return await compose.Call.ConfirmAsync(question);
        }

        await compose.Out.WriteLineAsync(question);
        return true;
    }

    public static ComposeEntry Wait() => new(["wait"], "Wait until running containers of services end", "SERVICE...", new FlagTable().Bool("down-project", "Take the project down when the first one ends"), async compose =>
    {
        Project project = await compose.LoadOrFindAsync();
        IReadOnlyList<string> services = compose.Services(project);
        Observed observed = await Observed.OfAsync(compose.Engine, project.Name);
        List<ObservedContainer> containers = [.. services.SelectMany(observed.Of).Where(c => c.Running)];
        if (containers.Count == 0)
        {
            throw new CommandException($"no containers for project \"{project.Name}\"");
        }

        long code = 0;
        List<Task<long>> waits = [.. containers.Select(async c =>
        {
            long ended = (await compose.Engine.WaitContainerAsync(c.Id)).StatusCode;
            lock (compose)
            {
                compose.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"container \"{c.Id}\" exited with status code {ended}"));
                code = code == 0 ? ended : code;
            }

            return ended;
        })];
        if (compose.Flags.Bool("down-project"))
        {
            code = await await Task.WhenAny(waits);
            await new Down(compose.Work, project, new DownOptions { RemoveOrphans = true }).RunAsync(CancellationToken.None);
        }
        else
        {
            await Task.WhenAll(waits);
        }

        return (int)code;
    })
    { MinArguments = 1 };

    private static FlagTable Timeout() => new FlagTable().Int("timeout", 't', "Seconds until containers are killed");

    private static ComposeEntry Simple(string name, string summary, FlagTable flags, Func<Lifecycle, IReadOnlyList<string>, ComposeCall, Task> action) => new([name], summary, Services, flags, async compose =>
    {
        Project project = await compose.LoadOrFindAsync();
        IReadOnlyList<string> services = compose.Arguments.Count > 0 ? compose.Services(project) : [.. project.Services.Keys];
        await action(new Lifecycle(compose.Work, project, compose.Timeout), services, compose);
        return 0;
    });
}
