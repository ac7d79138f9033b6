using System.Globalization;
using Slipway.Cli.Options;
using Slipway.Compose.Actions;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose up</c>.</summary>
internal static class UpCommand
{
    public static ComposeEntry Entry() => new(
        ["up"], "Make and start what the files say", "[SERVICE...]",
        Creation(new FlagTable()).Bool("detach", 'd', "Run in the background").Bool("abort-on-container-exit", "Stop all when one container ends")
            .Bool("abort-on-container-failure", "Stop all when one container fails").String("exit-code-from", "Take over this service's exit code; implies --abort-on-container-exit")
            .Bool("always-recreate-deps", "Also replace containers of dependencies").Bool("no-deps", "Leave what services need alone").Bool("no-start", "Do not start containers")
            .Bool("renew-anon-volumes", 'V', "Make anonymous volumes anew").List("attach", "Show the output of these services only").List("no-attach", "Do not show the output of these services")
            .Bool("attach-dependencies", "Also show the output of dependencies").Bool("no-color", "Print without colours").Bool("no-log-prefix", "Print without names before lines")
            .Bool("timestamps", "Show when each line was written").Bool("wait", "Wait until services run and are healthy; implies --detach").Int("wait-timeout", "Wait at most this many seconds")
            .Bool("watch", 'w', "Watch files and bring changes into containers").Bool("quiet-build", "Do not show builds").Bool("menu", "Show a menu (there is none)"),
        RunAsync);

    /// <summary>Flags that <c>up</c> and <c>create</c> share.</summary>
    public static FlagTable Creation(FlagTable table) => table.Bool("build", "Build images first").Bool("no-build", "Do not build, even if an image is missing").Bool("force-recreate", "Replace containers that have not changed too")
        .Bool("no-recreate", "Leave existing containers alone").String("pull", "Pull images first (always, missing, never)").Bool("quiet-pull", "Do not show pulls").Bool("remove-orphans", "Remove containers of services that are gone from the files")
        .List("scale", "Number of containers of a service (service=number)").Int("timeout", 't', "Seconds until containers are killed").Bool("yes", 'y', "Answer yes to questions");

    /// <summary>What the flags say.</summary>
    public static UpOptions Options(ComposeCall compose, Project project, bool start)
    {
        FlagValues flags = compose.Flags;
        if (flags.Bool("force-recreate") && flags.Bool("no-recreate"))
        {
            throw new CommandException("--force-recreate and --no-recreate are incompatible");
        }

        if (flags.String("pull") is not ("" or "always" or "missing" or "never" or "build" or "policy"))
        {
            throw new CommandException($"invalid --pull option \"{flags.String("pull")}\"");
        }

        if (flags.Bool("build") && flags.Bool("no-build"))
        {
            throw new CommandException("--build and --no-build are incompatible");
        }

        Recreation recreation = flags.Bool("force-recreate") ? Recreation.Always : flags.Bool("no-recreate") ? Recreation.Never : Recreation.Diverged;
        return new UpOptions
        {
            Services = compose.Arguments,
            NoDependencies = flags.Bool("no-deps"),
            Recreation = recreation,
            DependencyRecreation = flags.Bool("always-recreate-deps") ? Recreation.Always : flags.Bool("no-recreate") ? Recreation.Never : compose.Arguments.Count == 0 ? recreation : Recreation.Diverged,
            RenewVolumes = flags.Bool("renew-anon-volumes"),
            RemoveOrphans = flags.Bool("remove-orphans"),
            IgnoreOrphans = Environment.GetEnvironmentVariable("COMPOSE_IGNORE_ORPHANS") is "1" or "true",
            Scale = Scale(flags.List("scale"), project),
            Timeout = compose.Timeout,
            Pull = flags.String("pull") == "policy" ? "" : flags.String("pull"),
            Build = flags.Bool("build") ? true : flags.Bool("no-build") ? false : null,
            Start = start,
        };
    }

    /// <summary><c>service=number</c>.</summary>
    public static IReadOnlyDictionary<string, int> Scale(IEnumerable<string> values, Project project, Func<string, string>? fault = null)
    {
        Dictionary<string, int> scale = new(StringComparer.Ordinal);
        foreach (string value in values)
        {
            (string name, string text) = Pairs.Split(value);
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 10_000)
            {
                throw new CommandException(fault?.Invoke(value) ?? $"invalid --scale option \"{value}\". Should be SERVICE=NUM");
            }

            scale[project.Service(name).Name] = number;
        }

        return scale;
    }

    private static async Task<int> RunAsync(ComposeCall compose)
    {
        FlagValues flags = compose.Flags;
        Project project = compose.Load();
        Check(flags);

        bool detached = flags.Bool("detach") || flags.Bool("wait") || flags.Bool("no-start") || flags.Bool("watch") || compose.DryRun;
        ImageSources sources = ComposeImages.Sources(compose, flags.Bool("quiet-build"));
        UpOptions options = Options(compose, project, start: detached && !flags.Bool("no-start"));
        Up up = new(compose.Work, project, options, sources);
        if (!detached)
        {
            UpOptions again = options with { Start = true, Recreation = Recreation.Never, DependencyRecreation = Recreation.Never, Build = false, Pull = "", IgnoreOrphans = true, RemoveOrphans = false };
            Work quiet = compose.Work with { Report = p => Warn(compose, p) };
            return await ForegroundUp.RunAsync(compose, project, up, new Up(quiet, project, again, sources));
        }

        IReadOnlyList<Service> services = await up.RunAsync(CancellationToken.None);
        if (flags.Bool("wait"))
        {
            await WithinAsync(compose, cancellation => up.WaitAsync(services, cancellation));
        }

        return flags.Bool("watch") ? await WatchCommand.WatchAsync(compose, project, services) : 0;
    }

    /// <summary>Waits for at most as long as <c>--wait-timeout</c> says.</summary>
    /// <exception cref="CommandException">It took longer.</exception>
    public static async Task WithinAsync(ComposeCall compose, Func<CancellationToken, Task> wait)
    {
        long? seconds = compose.Flags.IntOrNull("wait-timeout");
        using CancellationTokenSource cancel = seconds is > 0 ? new CancellationTokenSource(TimeSpan.FromSeconds(seconds.Value), compose.Call.Time) : new CancellationTokenSource();
        try
        {
            await wait(cancel.Token);
        }
        catch (OperationCanceledException)
        {
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"application not healthy after {seconds}s"));
        }
    }

    private static void Check(FlagValues flags)
    {
        bool shows = flags.Bool("abort-on-container-exit") || flags.Bool("abort-on-container-failure") || flags.Has("exit-code-from") || flags.Has("attach") || flags.Bool("attach-dependencies");
        foreach (string alone in new[] { "detach", "wait", "no-start" })
        {
            if (flags.Bool(alone) && shows)
            {
                throw new CommandException($"--{alone} cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --exit-code-from, --attach or --attach-dependencies");
            }
        }

        if (flags.Bool("abort-on-container-exit") && flags.Bool("abort-on-container-failure"))
        {
            throw new CommandException("--abort-on-container-exit and --abort-on-container-failure are incompatible");
        }

        if (flags.Bool("detach") && flags.Bool("watch"))
        {
            throw new CommandException("--detach and --watch are incompatible");
        }

        if (flags.Bool("menu"))
        {
            throw new CommandException("there is no menu: leave --menu away");
        }
    }

    private static void Warn(ComposeCall compose, Progress progress)
    {
        if (progress.State is ProgressState.Failed)
        {
            compose.Error.WriteLine($" {progress.Kind} {progress.Name}  {progress.Status}");
        }
    }
}
