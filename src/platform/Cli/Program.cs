using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Verbs;
using Slipway.Client;

namespace Slipway.Cli;

/// <summary>Finds the verb, reads its flags, runs it, and turns errors into messages and exit codes.</summary>
internal static class Program
{
    private const int Failed = 1;

    public static async Task<int> Main(string[] words)
    {
        try
        {
            FlagValues globals = FlagParser.Parse(GlobalOptions.Table, words, flagsFirst: true);
            GlobalOptions options = new(globals);
            options.Check();
            return await DispatchAsync(options, globals.Arguments);
        }
        catch (HelpRequest)
        {
            await Console.Out.WriteAsync(HelpPages.Root());
            return 0;
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"{e.Message}\n\nUsage:  slipway [OPTIONS] COMMAND\n\nRun 'slipway --help' for more information");
            return e.ExitCode;
        }
    }

    private static async Task<int> DispatchAsync(GlobalOptions options, List<string> words)
    {
        if (options.Version)
        {
            await Console.Out.WriteLineAsync($"Slipway version {VersionVerb.ClientVersion}");
            return 0;
        }

        bool help = words is ["help", ..];
        IReadOnlyList<string> path = help ? words[1..] : words;
        (VerbEntry? entry, int length) = VerbTable.Find(path);
        if (entry is not null)
        {
            string name = string.Join(' ', path.Take(length));
            return await RunAsync(entry, name, help ? ["--help"] : [.. path.Skip(length)], options);
        }

        bool bare = path.Count == 0 || path.Skip(1).All(w => w is "--help" or "-h");
        if (path.Count > 0 && (!VerbTable.IsGroup(path[0]) || !bare))
        {
            string typed = VerbTable.IsGroup(path[0]) ? string.Join(' ', path.Take(2)) : path[0];
            await Console.Error.WriteLineAsync($"slipway: unknown command: slipway {typed}\n\nRun 'slipway --help' for more information");
            return Failed;
        }

        await Console.Out.WriteAsync(path.Count == 0 ? HelpPages.Root() : HelpPages.Group(path[0]));
        return 0;
    }

    private static async Task<int> RunAsync(VerbEntry entry, string path, IReadOnlyList<string> words, GlobalOptions options)
    {
        Verb verb = entry.Make();
        try
        {
            FlagValues flags = FlagParser.Parse(verb.Flags, words, verb.FlagsFirst);
            verb.CheckArguments(path, flags.Arguments.Count);
            using Invocation invocation = new(path, flags, options, TimeProvider.System);
            return await verb.Run(invocation);
        }
        catch (HelpRequest)
        {
            await Console.Out.WriteAsync(HelpPage.Verb(path, entry.Summary, entry.Names, verb));
            return 0;
        }
        catch (UsageException e)
        {
            string lead = e.ExitCode == Failed ? "slipway: " : "";
            await Console.Error.WriteLineAsync(
                $"{lead}{e.Message}\n\n{HelpPage.UsageLine(path, verb)}\n\nRun 'slipway {path} --help' for more information");
            return e.ExitCode;
        }
        catch (Exception e) when (Message(e) is { } message)
        {
            await Console.Error.WriteLineAsync(options.Debug ? $"{message}\n{e}" : message);
            return e is TemplateException { Message: var text } && text.StartsWith("template parsing", StringComparison.Ordinal) ? 64
                : e is CommandException failure ? failure.ExitCode : Failed;
        }
    }

    /// <summary>What to tell the user; null for errors that are our own mistakes and shall show where they come from.</summary>
    private static string? Message(Exception e) => e switch
    {
        EngineApiException => "Error response from daemon: " + e.Message,
        IOException { InnerException: System.Net.Sockets.SocketException } => "error during connect: " + e.Message,
        EngineUnreachableException or CommandException or TemplateException or IOException or UnauthorizedAccessException
            or System.Net.Sockets.SocketException or InvalidDataException or FormatException => e.Message,
        System.Text.Json.JsonException => "the engine's answer is not JSON: " + e.Message,
        _ => null,
    };
}
