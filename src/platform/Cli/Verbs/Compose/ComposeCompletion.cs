using Slipway.Cli.Options;
using Slipway.Compose;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>What shell completion offers after <c>compose</c>: commands, flags, and the services of the files.</summary>
internal static class ComposeCompletion
{
    /// <param name="call">The client.</param>
    /// <param name="before">Words between <c>compose</c> and the one that is being typed.</param>
    /// <param name="flags">Whether a flag is being typed.</param>
    public static IEnumerable<string> Candidates(Invocation call, IReadOnlyList<string> before, bool flags)
    {
        try
        {
            FlagTable table = ComposeVerb.Compose().Flags;
            FlagValues globals = FlagParser.Parse(table, before, flagsFirst: true);
            if (globals.Arguments.Count == 0)
            {
                return flags ? CompletionVerbs.Flags(table) : ComposeTable.Names;
            }

            if (ComposeTable.Find(globals.Arguments[0]) is not { } entry)
            {
                return [];
            }

            int words = FlagParser.Parse(entry.Flags, [.. globals.Arguments.Skip(1)], entry.FlagsFirst).Arguments.Count;
            bool elsewhere = entry.FlagsFirst && words > 0;
            return elsewhere || words >= entry.MaxArguments ? [] : flags ? CompletionVerbs.Flags(entry.Flags)
                : entry.Usage.Contains("SERVICE", StringComparison.Ordinal) ? new ComposeCall(call, globals).Load().Services.Keys : [];
        }
        catch (Exception e) when (e is UsageException or HelpRequest or ComposeException)
        {
            // A flag waits for its value, or there is no application here.
            return [];
        }
    }
}
