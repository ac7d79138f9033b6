using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs;

/// <summary><c>version</c>.</summary>
internal static class VersionVerb
{
    public static string ClientVersion { get; } = typeof(VersionVerb).Assembly.GetName().Version?.ToString(3) ?? "0";

    public static Verb Version() => new("", new FlagTable().Format('f'), RunAsync) { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        JsonNode? server = null;
        Exception? refusal = null;
        try
        {
            server = await call.Engine.GetAsync(ApiPath.Of("/version"));
        }
        catch (Exception e) when (e is EngineUnreachableException or EngineApiException)
        {
            refusal = e;
        }

        JsonObject client = Client(call.Engine.Version.ToString());
        string format = call.Flags.String("format");
        if (format.Length > 0)
        {
            JsonObject both = new() { ["Client"] = client, ["Server"] = server };
            await call.Out.WriteLineAsync(Listing.Parse(format == "json" ? "{{json .}}" : format).Execute(both));
        }
        else
        {
            await call.Out.WriteAsync(ClientText(client) + (server is null ? "" : "\n" + ServerText(server)));
        }

        await call.Out.FlushAsync();
        return refusal is null ? 0 : throw refusal;
    }

    private static JsonObject Client(string apiVersion) => new()
    {
        ["Version"] = ClientVersion,
        ["ApiVersion"] = apiVersion,
        ["DefaultAPIVersion"] = ApiVersion.Newest.ToString(),
        ["GitCommit"] = "",
        ["GoVersion"] = ".NET " + Environment.Version,
        ["Os"] = "linux",
        ["Arch"] = Architecture(),
        ["BuildTime"] = "",
        ["Context"] = "default",
    };

    private static string Architecture() => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static string ClientText(JsonObject client)
    {
        string api = client.Text("ApiVersion");
        string newest = client.Text("DefaultAPIVersion");
        return $"Client: Slipway\n Version:           {client.Text("Version")}\n"
            + $" API version:       {(api == newest ? api : $"{api} (downgraded from {newest})")}\n"
            + $" Runtime:           {client.Text("GoVersion")}\n OS/Arch:           {client.Text("Os")}/{client.Text("Arch")}\n"
            + $" Context:           {client.Text("Context")}\n";
    }

    private static string ServerText(JsonNode server)
    {
        StringBuilder text = new($"Server: {server.Object("Platform").Text("Name")}".TrimEnd() + "\n");
        List<JsonNode?> components = [.. server.List("Components")];
        if (components.Count == 0)
        {
            Engine(text, server.Text("Version"), server);
        }

        foreach (JsonNode? component in components)
        {
            JsonObject? details = component.Object("Details");
            if (component.Text("Name") == "Engine" && details is not null)
            {
                Engine(text, component.Text("Version"), details);
                continue;
            }

            text.Append(' ').Append(component.Text("Name")).Append(":\n");
            Line(text, "Version", component.Text("Version"));
            foreach ((string name, string value) in component.Map("Details"))
            {
                Line(text, name, value);
            }
        }

        return text.ToString();
    }

    private static void Engine(StringBuilder text, string version, JsonNode details)
    {
        text.Append(" Engine:\n");
        Line(text, "Version", version);
        Line(text, "API version", $"{details.Text("ApiVersion")} (minimum version {details.Text("MinAPIVersion")})");
        Line(text, "Go version", details.Text("GoVersion"));
        Line(text, "Git commit", details.Text("GitCommit"));
        Line(text, "Built", Built(details.Text("BuildTime")));
        Line(text, "OS/Arch", $"{details.Text("Os")}/{details.Text("Arch")}");
        Line(text, "Experimental", details.Text("Experimental") == "true" ? "true" : "false");
    }

    private static string Built(string time) =>
        Units.Time(time) is { } built ? built.ToString("ddd MMM d HH:mm:ss yyyy", CultureInfo.InvariantCulture) : time;

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append("  ").Append((name + ":").PadRight(18)).Append(value).Append('\n');
}
