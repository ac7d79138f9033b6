using Slipway.Cli.Options;
using Slipway.Compose;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose</c>: its own flags, then one of its commands with flags of that one.</summary>
internal static class ComposeVerb
{
    public static Verb Compose() => new(
        "COMMAND",
        new FlagTable().List("file", 'f', "File of the application (repeated: each one lies over the one before)").String("project-name", 'p', "Name of the project")
            .String("project-directory", "Directory of relative paths (the first file's unless told otherwise)").Strings("profile", "Switch a profile on")
            .List("env-file", "File of variables instead of .env").String("progress", "Kind of progress output (auto, tty, plain, json, quiet)", "auto")
            .String("ansi", "When to print control characters (never, always, auto)", "auto").Bool("dry-run", "Only tell what would be done")
            .Bool("allow-outside", "Let include, extends, env_file and label_file read outside of the project directory")
            .Bool("untrusted", "Refuse what reaches out of containers and directory: for files of others")
            .Int("parallel", "Number of things to do at once (-1: any number)", "-1").Bool("compatibility", "Names of containers and images with underscores, as docker-compose 1 had them")
            .Bool("version", 'v', "Show the version"),
        RunAsync)
    { FlagsFirst = true, Details = ComposeTable.Help() };

    private static async Task<int> RunAsync(Invocation outer)
    {
        if (outer.Arguments.Count == 0 || outer.Arguments[0] == "help")
        {
            if (outer.Flags.Bool("version"))
            {
                return await ComposeTable.Find("version")!.Run(new ComposeCall(outer, outer.Flags));
            }

            throw new HelpRequest();
        }

        string name = outer.Arguments[0];
        ComposeEntry entry = ComposeTable.Find(name) ?? throw new UsageException($"unknown compose command: \"{name}\"", ComposeExit.Usage);
        string path = "compose " + entry.Names[0];
        Verb verb = new(entry.Usage, entry.Flags.Bool("dry-run", "Only tell what would be done"), _ => Task.FromResult(0)) { FlagsFirst = entry.FlagsFirst, MinArguments = entry.MinArguments, MaxArguments = entry.MaxArguments };
        try
        {
            FlagValues flags = FlagParser.Parse(verb.Flags, [.. outer.Arguments.Skip(1)], verb.FlagsFirst);
            verb.CheckArguments(path, flags.Arguments.Count);
            using Invocation inner = new(path, flags, outer.Globals, outer.Time);
            ComposeCall compose = new(inner, outer.Flags);
            compose.Check();
            return await entry.Run(compose);
        }
        catch (HelpRequest)
        {
            await outer.Out.WriteAsync(HelpPage.Verb(path, entry.Summary, [.. entry.Names.Select(n => "compose " + n)], verb));
            return 0;
        }
        catch (UsageException e)
        {
            await outer.Error.WriteLineAsync($"slipway: {e.Message}\n\n{HelpPage.UsageLine(path, verb)}\n\nRun 'slipway {path} --help' for more information");
            return e.ExitCode == 1 ? 1 : ComposeExit.Usage;
        }
        catch (ComposeException e)
        {
            throw new CommandException(e.Message, ComposeExit.Of(e));
        }
        catch (AggregateException e) when (e.InnerException is ComposeException inner)
        {
            throw new CommandException(inner.Message, ComposeExit.Of(inner));
        }
    }
}
