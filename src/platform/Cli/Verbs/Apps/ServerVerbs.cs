using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs.Apps;

/// <summary><c>server add/list/check/rm</c> and <c>server token</c>.</summary>
internal static class ServerVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "NAME", ["Address"] = "ENGINE", ["Builds"] = "BUILDS ONLY", ["Http"] = "HTTP", ["Https"] = "HTTPS", ["Registry"] = "REGISTRY",
    };

    public static Verb Add() => new(
        "NAME ADDRESS",
        new FlagTable().String("tls-directory", "Directory on the platform's machine with ca.pem, cert.pem and key.pem").Bool("build", "It only builds").Int("builds", "Builds at once").Int("build-timeout", "Seconds that a build may take")
            .Bytes("build-memory", "Memory of a build").Add(new Flag("build-cpus", '\0', FlagKind.Decimal, "CPUs of a build")).String("registry", "Prefix under which built images are pushed and pulled")
            .String("http-port", "Port of the proxy for HTTP", "80").String("https-port", "Port of the proxy for HTTPS", "443").Int("keep", "Releases kept for rollback"),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonObject server = new()
            {
                ["id"] = "", ["name"] = call.Arguments[0], ["address"] = call.Arguments[1], ["tlsDirectory"] = call.Flags.StringOrNull("tls-directory"), ["buildServer"] = call.Flags.Bool("build"), ["registry"] = call.Flags.StringOrNull("registry"),
                ["httpPort"] = call.Flags.String("http-port"), ["httpsPort"] = call.Flags.String("https-port"), ["buildMemory"] = call.Flags.Bytes("build-memory"),
                ["concurrentBuilds"] = call.Flags.Int("builds"), ["buildTimeoutSeconds"] = call.Flags.Int("build-timeout"), ["keepReleases"] = call.Flags.Int("keep"),
                ["buildCpus"] = call.Flags.Has("build-cpus") ? double.Parse(call.Flags.String("build-cpus"), System.Globalization.CultureInfo.InvariantCulture) : 0,
            };
            await platform.PostAsync("/servers", server);
            await call.Out.WriteLineAsync(call.Arguments[0]);
            return 0;
        })
    { MinArguments = 2, MaxArguments = 2 };

    public static Verb List() => new(
        "",
        new FlagTable().Format(),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonArray servers = await platform.GetAsync("/servers") as JsonArray ?? [];
            await call.Out.WriteAsync(new Listing("{{.Name}}\t{{.Address}}\t{{.Builds}}\t{{.Http}}\t{{.Https}}\t{{.Registry}}", s_headers).Print(call.Flags.String("format"), servers.Select(server => new Row()
                .Field("Name", server.Text("name")).Field("Address", server.Text("address")).Field("Builds", server.Bool("buildServer") ? "yes" : "no").Field("Http", server.Text("httpPort"))
                .Field("Https", server.Text("httpsPort")).Field("Registry", server.Text("registry")))));
            return 0;
        })
    { MaxArguments = 0 };

    public static Verb Check() => new(
        "NAME",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonNode? check = await platform.PostAsync($"/servers/{PlatformConnection.Part(call.Arguments[0])}/check");
            await call.Out.WriteLineAsync(check.Bool("reachable") ? $"engine: {check.Text("version")}" : "engine: not reachable");
            await call.Out.WriteLineAsync(check.Bool("proxy") ? "proxy: runs" : "proxy: does not run");
            if (check.Text("problem") is { Length: > 0 } problem)
            {
                await call.Out.WriteLineAsync("problem: " + problem);
            }

            return check.Bool("reachable") && check.Text("problem").Length == 0 ? 0 : 1;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb Remove() => new(
        "NAME",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            await platform.DeleteAsync("/servers/" + PlatformConnection.Part(call.Arguments[0]));
            await call.Out.WriteLineAsync(call.Arguments[0]);
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb Login() => AppVerbs.LoginAt("/servers/");

    public static Verb Token() => new(
        "NAME",
        new FlagTable().Strings("abilities", "What it may do: read, write, deploy, readSensitive, root").Int("days", "Days that it is valid"),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonNode? token = await platform.PostAsync("/tokens", new JsonObject { ["name"] = call.Arguments[0], ["abilities"] = JsonBuild.Strings(call.Flags.List("abilities")), ["days"] = call.Flags.IntOrNull("days") });
            await call.Out.WriteLineAsync(token.Text("token"));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Details = "Prints the token; it is not shown again." };
}
