using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>system check</c>.</summary>
internal static class CheckVerb
{
    public static Verb Check() => new("", new FlagTable().Bool("repair", "Fetch what is damaged from a registry that has it"), async call =>
    {
        JsonArray found = await call.Engine.PostAsync(ApiPath.Of("/slipway/check").With("repair", call.Flags.Bool("repair"))) as JsonArray ?? [];
        foreach (JsonNode? damage in found)
        {
            await call.Out.WriteLineAsync($"{damage.Text("Object")}: {damage.Text("Reason")}{(damage.Bool("Repaired") ? " (repaired)" : "")}");
        }

        int left = found.Count(damage => !damage.Bool("Repaired"));
        await call.Out.WriteLineAsync(found.Count == 0 ? "Everything is sound" : $"{found.Count} damaged, {found.Count - left} repaired");
        return left == 0 ? 0 : 1;
    })
    { MaxArguments = 0, Details = "Reads every blob, so it takes as long as reading the store. Exits with 1 when something stays damaged." };
}
