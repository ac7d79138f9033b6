using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>network create/ls/rm/connect/disconnect</c>.</summary>
internal static class NetworkVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ID"] = "NETWORK ID", ["Name"] = "NAME", ["Driver"] = "DRIVER", ["Scope"] = "SCOPE", ["IPv4"] = "IPV4", ["IPv6"] = "IPV6",
        ["Internal"] = "INTERNAL", ["Labels"] = "LABELS", ["CreatedAt"] = "CREATED AT",
    };

    public static Verb Create() => new(
        "NETWORK",
        new FlagTable().Bool("attachable", "Let containers be attached by hand").Map("aux-address", "Address that the driver shall not give away")
            .String("config-from", "Network to copy the configuration from").Bool("config-only", "Only hold a configuration")
            .String("driver", 'd', "Driver of the network", "bridge").Strings("gateway", "Gateway of the subnet").Bool("ingress", "Make the swarm's routing mesh")
            .Bool("internal", "No access to other networks").Strings("ip-range", "Range of the subnet that containers get addresses from")
            .String("ipam-driver", "Driver of addresses", "default").Map("ipam-opt", "Option of the driver of addresses")
            .Bool("ipv4", "Give IPv4 addresses", value: true).Bool("ipv6", "Give IPv6 addresses").List("label", "Set a label").Map("opt", 'o', "Option of the driver")
            .String("scope", "Scope of the network").Strings("subnet", "Subnet (such as 10.5.0.0/16)"),
        async call =>
        {
            JsonNode? made = await call.Engine.PostAsync(ApiPath.Of("/networks/create"), NetworkCreateRequest.Build(call.Arguments[0], call.Flags));
            await call.Out.WriteLineAsync(made.Text("Id"));
            if (made.Text("Warning") is { Length: > 0 } warning)
            {
                await call.Error.WriteLineAsync("WARNING: " + warning);
            }

            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb List() => new(
        "",
        new FlagTable().Filter().Format().Bool("no-trunc", "Do not shorten").Bool("quiet", 'q', "Only show ids"),
        async call =>
        {
            JsonNode? answer = await call.Engine.GetAsync(ApiPath.Of("/networks").Filters(call.Flags.List("filter")));
            bool full = call.Flags.Bool("no-trunc");
            IEnumerable<Row> rows = (answer as JsonArray ?? []).OrderBy(n => n.Text("Name"), StringComparer.Ordinal).Select(n => Row(n, full));
            string format = call.Flags.String("format");
            bool quiet = call.Flags.Bool("quiet") && format is "" or "table";
            await call.Out.WriteAsync(new Listing("{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}", s_headers).Print(quiet ? "{{.ID}}" : format, rows));
            return 0;
        })
    { MaxArguments = 0 };

    private static Row Row(JsonNode? network, bool full) => new Row()
        .Field("ID", full ? network.Text("Id") : Units.ShortId(network.Text("Id"))).Field("Name", network.Text("Name"))
        .Field("Driver", network.Text("Driver")).Field("Scope", network.Text("Scope"))
        .Field("IPv4", () => (network?["EnableIPv4"] is null || network.Bool("EnableIPv4")) ? "true" : "false")
        .Field("IPv6", () => network.Bool("EnableIPv6") ? "true" : "false").Field("Internal", () => network.Bool("Internal") ? "true" : "false")
        .Field("Labels", () => network.Labels()).Method("Label", name => network.Object("Labels").Text(name))
        .Field("CreatedAt", () => Units.Time(network.Text("Created")) is { } t ? Units.GoTime(t) : "");

    public static Verb Remove() => new(
        "NETWORK [NETWORK...]",
        new FlagTable().Bool("force", 'f', "No error for a network that does not exist"),
        call => call.ForEachAsync(call.Arguments, async name =>
        {
            try
            {
                await call.Engine.DeleteAsync(ApiPath.Of("/networks/", name));
                await call.Out.WriteLineAsync(name);
            }
            catch (Client.EngineApiException e) when (e.StatusCode == 404 && call.Flags.Bool("force"))
            {
                // That it is gone is what was asked for.
            }
        }))
    { MinArguments = 1, Completes = Candidates.Networks };

    public static Verb Connect() => new(
        "NETWORK CONTAINER",
        new FlagTable().Strings("alias", "Another name of the container in the network").Strings("driver-opt", "Option of the driver")
            .Int("gw-priority", "The network with the highest one gives the default gateway", "0").String("ip", "IPv4 address").String("ip6", "IPv6 address")
            .List("link", "Make another container known by name").Strings("link-local-ip", "Link-local address"),
        async call =>
        {
            FlagValues flags = call.Flags;
            JsonObject endpoint = new()
            {
                ["IPAMConfig"] = new JsonObject
                {
                    ["IPv4Address"] = flags.String("ip"),
                    ["IPv6Address"] = flags.String("ip6"),
                    ["LinkLocalIPs"] = JsonBuild.StringsOrNull(flags.List("link-local-ip")),
                },
                ["Links"] = JsonBuild.StringsOrNull(flags.List("link")),
                ["Aliases"] = JsonBuild.StringsOrNull(flags.List("alias")),
                ["DriverOpts"] = JsonBuild.Map(flags.Map("driver-opt")),
                ["GwPriority"] = flags.Int("gw-priority"),
            };
            await call.Engine.PostAsync(
                ApiPath.Of("/networks/", call.Arguments[0], "/connect"),
                new JsonObject { ["Container"] = call.Arguments[1], ["EndpointConfig"] = endpoint });
            return 0;
        })
    { MinArguments = 2, MaxArguments = 2, Completes = Candidates.Networks };

    public static Verb Disconnect() => new(
        "NETWORK CONTAINER",
        new FlagTable().Bool("force", 'f', "Disconnect even if the container does not answer"),
        async call =>
        {
            await call.Engine.PostAsync(
                ApiPath.Of("/networks/", call.Arguments[0], "/disconnect"),
                new JsonObject { ["Container"] = call.Arguments[1], ["Force"] = call.Flags.Bool("force") });
            return 0;
        })
    { MinArguments = 2, MaxArguments = 2, Completes = Candidates.Networks };
}
