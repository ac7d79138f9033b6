using Slipway.Cli.Options;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose cp</c>: from one container of a service, or into all of them.</summary>
internal static class CopyCommand
{
    public static async Task<int> RunAsync(ComposeCall compose)
    {
        string[] paths = [.. compose.Arguments];
        int side = Array.FindIndex(paths, NamesService);
        if (side < 0)
        {
            throw new CommandException("unknown copy direction");
        }

        if (NamesService(paths[1 - side]))
        {
            throw new CommandException("copying between services is not supported");
        }

        int colon = paths[side].IndexOf(':', StringComparison.Ordinal);
        IReadOnlyList<ObservedContainer> chosen = await ChosenAsync(compose, paths[side][..colon], into: side == 1);
        if (chosen.Count > 1 && paths[0] == "-")
        {
            throw new CommandException("STDIN can be copied into one container only: choose it with --index");
        }

        foreach (ObservedContainer container in chosen)
        {
            string[] words = [.. paths];
            words[side] = container.Id + paths[side][colon..];
            string[] named = [.. paths];
            named[side] = container.Name + paths[side][colon..];
            await compose.Work.DoAsync("", container.Name, $"copy {named[0]} to {named[1]} Copying", $"copy {named[0]} to {named[1]} Copied", () => OneAsync(compose, words));
        }

        return 0;
    }

    private static bool NamesService(string path) => path.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
        && path[0] is not ('/' or '.') && !path[..colon].Contains('/', StringComparison.Ordinal);

    private static async Task<IReadOnlyList<ObservedContainer>> ChosenAsync(ComposeCall compose, string service, bool into)
    {
        Project project = await compose.LoadOrFindAsync();
        _ = project.Service(service);
        Observed observed = await Observed.OfAsync(compose.Engine, project.Name);
        IReadOnlyList<ObservedContainer> all = compose.Flags.Bool("all") ? [.. observed.Containers.Where(c => c.Service == service)] : observed.Of(service);
        if (all.Count == 0)
        {
            throw new CommandException($"no container found for service \"{service}\"");
        }

        int index = (int)compose.Flags.Int("index");
        return index == 0 ? into ? all : [all[0]] : all.FirstOrDefault(c => c.Number == index) is { } numbered ? [numbered]
            : throw new CommandException($"service \"{service}\" has no container #{compose.Flags.String("index")}");
    }

    private static async Task OneAsync(ComposeCall compose, string[] words)
    {
        FlagValues flags = compose.Flags;
        List<string> options = ["--quiet", .. flags.Bool("archive") ? ["--archive"] : Array.Empty<string>(), .. flags.Bool("follow-link") ? ["--follow-link"] : Array.Empty<string>()];
        if (await compose.DelegateAsync("cp", CopyVerb.Copy(), [.. options, .. words]) is not 0 and var code)
        {
            throw new CommandException("the copy failed", code);
        }
    }
}
