using Slipway.Cli.Options;
using Slipway.Compose.Actions;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose down</c>.</summary>
internal static class DownCommand
{
    public static ComposeEntry Entry() => new(
        ["down"], "Stop and remove containers and networks", "[SERVICE...]",
        new FlagTable().Bool("remove-orphans", "Remove containers of services that are gone from the files").String("rmi", "Remove images too (local: those without a name of their own, all)")
            .Int("timeout", 't', "Seconds until containers are killed").Bool("volumes", 'v', "Remove named volumes of the files and anonymous ones of the containers"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            if (flags.String("rmi") is not ("" or "all" or "local"))
            {
                throw new CommandException($"invalid value for --rmi: \"{flags.String("rmi")}\"");
            }

            Slipway.Compose.Model.Project project = await compose.LoadOrFindAsync();
            _ = compose.Services(project);
            await new Down(compose.Work, project, new DownOptions
            {
                Services = compose.Arguments,
                Volumes = flags.Bool("volumes"),
                RemoveOrphans = flags.Bool("remove-orphans"),
                Images = flags.String("rmi"),
                Timeout = compose.Timeout,
            }).RunAsync(CancellationToken.None);
            return 0;
        });
}
