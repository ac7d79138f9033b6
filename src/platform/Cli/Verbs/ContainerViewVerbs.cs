using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>diff</c>, <c>port</c> and <c>top</c>.</summary>
internal static class ContainerViewVerbs
{
    public static Verb Diff() => new("CONTAINER", new FlagTable(), async call =>
    {
        JsonNode? changes = await call.Engine.GetAsync(ApiPath.Of("/containers/", call.Arguments[0], "/changes"));
        foreach (JsonNode? change in changes as JsonArray ?? [])
        {
            await call.Out.WriteLineAsync($"{change.Long("Kind") switch { 0 => 'C', 1 => 'A', _ => 'D' }} {change.Text("Path")}");
        }

        return 0;
    })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Containers };

    public static Verb Port() => new("CONTAINER [PRIVATE_PORT[/PROTO]]", new FlagTable(), async call =>
    {
        JsonNode? container = await call.Engine.GetAsync(ApiPath.Of("/containers/", call.Arguments[0], "/json"));
        JsonObject ports = container.Object("NetworkSettings").Object("Ports") ?? [];
        if (call.Arguments.Count == 1)
        {
            foreach ((string port, string host) in ports.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => Hosts(p.Value).Select(h => (p.Key, h))))
            {
                await call.Out.WriteLineAsync($"{port} -> {host}");
            }

            return 0;
        }

        string wanted = call.Arguments[1].Contains('/', StringComparison.Ordinal) ? call.Arguments[1] : call.Arguments[1] + "/tcp";
        List<string> found = [.. Hosts(ports[wanted])];
        found.ForEach(call.Out.WriteLine);
        return found.Count > 0 ? 0 : throw new CommandException($"no public port '{wanted}' published for {call.Arguments[0]}");
    })
    { MinArguments = 1, MaxArguments = 2, Completes = Candidates.RunningContainers };

    private static IEnumerable<string> Hosts(JsonNode? bindings) => (bindings as JsonArray ?? []).Select(b =>
        b.Text("HostIp").Contains(':', StringComparison.Ordinal) ? $"[{b.Text("HostIp")}]:{b.Text("HostPort")}" : $"{b.Text("HostIp")}:{b.Text("HostPort")}");

    public static Verb Top() => new("CONTAINER [ps OPTIONS]", new FlagTable(), async call =>
    {
        JsonNode? answer = await call.Engine.GetAsync(
            ApiPath.Of("/containers/", call.Arguments[0], "/top").With("ps_args", string.Join(' ', call.Arguments.Skip(1))));
        IEnumerable<string> rows = answer.List("Processes").OfType<JsonArray>().Select(p => string.Join('\t', p.Select(c => c?.GetValue<string>())));
        await call.Out.WriteAsync(Table.Align([string.Join('\t', answer.Strings("Titles")), .. rows], smallestWidth: 20));
        return 0;
    })
    { MinArguments = 1, FlagsFirst = true, Completes = Candidates.RunningContainers };
}
