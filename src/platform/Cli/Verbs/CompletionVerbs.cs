using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs;

/// <summary>Completion: a small script per shell that asks <c>slipway __complete</c> for candidates.</summary>
internal static class CompletionVerbs
{
    private const string Bash = """
        _slipway() {
            local current="${COMP_WORDS[COMP_CWORD]}" line="${COMP_LINE:0:COMP_POINT}" IFS=$'\n'
            local -a words
            IFS=' ' read -r -a words <<< "$line"
            [[ "$line" == *' ' ]] && words+=("")
            COMPREPLY=($(slipway __complete -- "${words[@]:1}" 2>/dev/null))
            # Bash has cut the word at its colons; candidates must be cut the same way.
            local last="${words[-1]}"
            if [[ "$last" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
                local front="${last%"${last##*:}"}"
                COMPREPLY=("${COMPREPLY[@]#"$front"}")
            fi
            [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]] && compopt -o nospace
        }
        complete -o default -F _slipway slipway

        """;

    private const string Zsh = """
        #compdef slipway
        _slipway() {
            local -a candidates
            candidates=("${(@f)$(slipway __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [[ -n "${candidates[1]}" ]]; then
                compadd -- "${candidates[@]}"
            else
                _files
            fi
        }
        compdef _slipway slipway

        """;

    public static Verb Script() => new("bash|zsh", new FlagTable(), async call =>
    {
        await call.Out.WriteAsync(call.Arguments[0] switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            var shell => throw new CommandException($"unknown shell \"{shell}\": must be bash or zsh"),
        });
        return 0;
    })
    { MinArguments = 1, MaxArguments = 1, Details = "Bash: source <(slipway completion bash)\nZsh:  source <(slipway completion zsh)" };

    public static Verb Complete() => new("WORD...", new FlagTable(), async call =>
    {
        string start = call.Arguments.Count > 0 ? call.Arguments[^1] : "";
        IEnumerable<string> candidates = await CandidatesAsync(call, [.. call.Arguments.SkipLast(1)], start);
        foreach (string candidate in candidates.Where(c => c.StartsWith(start, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal))
        {
            await call.Out.WriteLineAsync(candidate);
        }

        return 0;
    })
    { FlagsFirst = true };

    private static async Task<IEnumerable<string>> CandidatesAsync(Invocation call, List<string> before, string start)
    {
        List<string> words = [.. before.SkipWhile(w => w.StartsWith('-'))];
        (VerbEntry? entry, int length) = VerbTable.Find(words);
        if (entry is null)
        {
            return words switch
            {
                [] when start.StartsWith('-') => Flags(GlobalOptions.Table),
                [] => VerbTable.All.Where(e => !e.Hidden && !e.Names[0].Contains(' ')).Select(e => e.Names[0]).Concat(VerbTable.Groups.Select(g => g.Name)),
                [var group] when VerbTable.IsGroup(group) => VerbTable.InGroup(group).Select(v => v.Name),
                _ => [],
            };
        }

        if (entry.Names[0] == "compose")
        {
            return Compose.ComposeCompletion.Candidates(call, [.. words.Skip(length)], start.StartsWith('-'));
        }

        Verb verb = entry.Make();
        bool inOtherProgram = verb.FlagsFirst && words.Skip(length).Count(w => !w.StartsWith('-')) > 1;
        if (start.StartsWith('-'))
        {
            return inOtherProgram ? [] : Flags(verb.Flags);
        }

        try
        {
            return inOtherProgram ? [] : await ObjectsAsync(call.Engine, verb.Completes);
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException)
        {
            return [];
        }
    }

    /// <summary>The flags of a verb as they are typed.</summary>
    public static IEnumerable<string> Flags(FlagTable table) =>
        table.All.Where(f => !f.Hidden).Select(f => "--" + f.Name).Append("--help");

    private static async Task<IEnumerable<string>> ObjectsAsync(EngineClient engine, Candidates kind) => kind switch
    {
        Candidates.Containers => await ContainersAsync(engine, all: true),
        Candidates.RunningContainers => await ContainersAsync(engine, all: false),
        Candidates.Images => await ImagesAsync(engine),
        Candidates.Volumes => (await engine.GetAsync(ApiPath.Of("/volumes"))).List("Volumes").Select(v => v.Text("Name")),
        Candidates.Networks => (await engine.GetAsync(ApiPath.Of("/networks")) as JsonArray ?? []).Select(n => n.Text("Name")),
        Candidates.Objects => (await ContainersAsync(engine, all: true)).Concat(await ImagesAsync(engine)),
        _ => [],
    };

    private static async Task<IEnumerable<string>> ContainersAsync(EngineClient engine, bool all) =>
        (await engine.GetAsync(ApiPath.Of("/containers/json").With("all", all)) as JsonArray ?? [])
            .SelectMany(c => c.Strings("Names").Select(n => n.TrimStart('/')));

    private static async Task<IEnumerable<string>> ImagesAsync(EngineClient engine) =>
        (await engine.GetAsync(ApiPath.Of("/images/json")) as JsonArray ?? []).SelectMany(i => i.Strings("RepoTags")).Where(t => !t.StartsWith('<'));
}
