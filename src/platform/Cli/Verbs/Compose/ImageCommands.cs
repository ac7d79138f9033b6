using Slipway.Cli.Options;
using Slipway.Client;
using Slipway.Compose;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>build</c>, <c>pull</c> and <c>push</c>.</summary>
internal static class ImageCommands
{
    public static ComposeEntry Build() => new(
        ["build"], "Build images", "[SERVICE...]",
        new FlagTable().List("build-arg", "Set a variable of the build").Bytes("memory", 'm', "Limit of memory").Bool("no-cache", "Do not use the cache").Bool("pull", "Always look for newer base images").Bool("push", "Push afterwards")
            .Bool("quiet", 'q', "Do not show the build").Bool("with-dependencies", "Also build what services need").List("ssh", "Agent or keys for RUN (default, ID=SOCKET, ID=KEY[,KEY])").String("builder", "Only \"default\": the engine's own").String("progress", "The same as in front of the command"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            if (flags.String("builder") is not ("" or "default"))
            {
                throw new CommandException($"no builder \"{flags.String("builder")}\" found: the engine's own is \"default\"");
            }

            Project project = compose.Load();
            BuildChoices choices = new() { NoCache = flags.Bool("no-cache"), Pull = flags.Bool("pull"), Arguments = flags.List("build-arg"), Agents = flags.List("ssh"), Memory = flags.String("memory"), Quiet = flags.Bool("quiet") };
            IReadOnlyList<Service> services = [.. DependencyOrder.With(project, compose.Services(project), flags.Bool("with-dependencies")).Where(s => s.Build is not null)];
            if (services.Count == 0)
            {
                await compose.Error.WriteLineAsync("No services to build");
            }

            foreach (Service service in services)
            {
                string name = Images.Name(project, service);
                await compose.Work.DoAsync("Image", name, "Building", "Built", () => ComposeBuild.BuildAsync(compose, project, service, name, choices));
            }

            return flags.Bool("push") ? await PushAsync(compose, services, ignore: false) : 0;
        });

    public static ComposeEntry Pull() => new(
        ["pull"], "Pull images", "[SERVICE...]",
        new FlagTable().Bool("ignore-buildable", "Leave images alone that can be built").Bool("ignore-pull-failures", "Go on when one fails").Bool("include-deps", "Also what services need").String("policy", "Only when missing (missing), or always").Bool("quiet", 'q', "Do not show progress"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            Project project = compose.Load();
            ImageSources sources = ComposeImages.Sources(compose, quiet: true);
            IEnumerable<Service> services = DependencyOrder.With(project, compose.Services(project), flags.Bool("include-deps")).Where(s => s.Image is not null && (s.Build is null || !flags.Bool("ignore-buildable")));
            await Task.WhenAll(services.Where(s => s.PullPolicy is not ("never" or "build")).DistinctBy(s => s.Image).Select(async service =>
            {
                if (flags.String("policy") == "missing" && await Images.FindAsync(compose.Engine, service.Image!, CancellationToken.None) is not null)
                {
                    return;
                }

                try
                {
                    await compose.Work.DoAsync("Image", service.Image!, "Pulling", "Pulled", () => sources.Pull(service.Image!, service.Platform, CancellationToken.None));
                }
                catch (ComposeException e) when (flags.Bool("ignore-pull-failures") || service.Build is not null)
                {
                    await compose.Error.WriteLineAsync("warning: " + e.Message);
                }
            }));
            return 0;
        });

    public static ComposeEntry Push() => new(
        ["push"], "Push images", "[SERVICE...]",
        new FlagTable().Bool("ignore-push-failures", "Go on when one fails").Bool("include-deps", "Also what services need").Bool("quiet", 'q', "Do not show progress"),
        async compose =>
        {
            Project project = compose.Load();
            return await PushAsync(compose, DependencyOrder.With(project, compose.Services(project), compose.Flags.Bool("include-deps")), compose.Flags.Bool("ignore-push-failures"));
        });

    private static async Task<int> PushAsync(ComposeCall compose, IReadOnlyList<Service> services, bool ignore)
    {
        foreach (Service service in services.Where(s => s.Build is not null && s.Image is not null))
        {
            foreach (string image in new[] { service.Image! }.Concat(service.Build.Texts("tags")))
            {
                try
                {
                    await compose.Work.DoAsync("Image", image, "Pushing", "Pushed", () => ComposeImages.PushAsync(compose, image));
                }
                catch (Exception e) when (ignore && e is EngineApiException or CommandException)
                {
                    await compose.Error.WriteLineAsync("warning: " + e.Message);
                }
            }
        }

        return 0;
    }
}
