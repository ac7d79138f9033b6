using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>info</c>.</summary>
internal static class InfoVerb
{
    public static Verb Info() => new("", new FlagTable().Format('f'), RunAsync) { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        string format = call.Flags.String("format");
        if (format.Length == 0)
        {
            await call.Out.WriteAsync(
                $"Client:\n Version:    {VersionVerb.ClientVersion}\n Context:    default\n Debug Mode: {Word(call.Globals.Debug)}\n\nServer:\n");
        }

        JsonNode? info = await call.Engine.GetAsync(ApiPath.Of("/info"));
        if (format.Length > 0)
        {
            info!["ClientInfo"] = new JsonObject { ["Debug"] = call.Globals.Debug, ["Version"] = VersionVerb.ClientVersion, ["Context"] = "default" };
            await call.Out.WriteLineAsync(Listing.Parse(format == "json" ? "{{json .}}" : format).Execute(info));
            return 0;
        }

        StringBuilder text = new();
        Counts(text, info);
        Storage(text, info);
        Runtimes(text, info);
        Machine(text, info);
        Registries(text, info);
        await call.Out.WriteLineAsync(text);
        await call.Out.FlushAsync();
        foreach (string warning in info.Strings("Warnings"))
        {
            await call.Error.WriteLineAsync(warning);
        }

        return 0;
    }

    private static void Counts(StringBuilder text, JsonNode? info)
    {
        Line(text, 1, "Containers", info.Text("Containers"));
        Line(text, 2, "Running", info.Text("ContainersRunning"));
        Line(text, 2, "Paused", info.Text("ContainersPaused"));
        Line(text, 2, "Stopped", info.Text("ContainersStopped"));
        Line(text, 1, "Images", info.Text("Images"));
        Optional(text, "Server Version", info.Text("ServerVersion"));
    }

    private static void Storage(StringBuilder text, JsonNode? info)
    {
        Line(text, 1, "Storage Driver", info.Text("Driver"));
        foreach (JsonArray pair in info.List("DriverStatus").OfType<JsonArray>().Where(p => p.Count == 2))
        {
            Line(text, 2, pair[0]!.GetValue<string>(), pair[1]!.GetValue<string>());
        }

        Optional(text, "Logging Driver", info.Text("LoggingDriver"));
        Optional(text, "Cgroup Driver", info.Text("CgroupDriver"));
        Optional(text, "Cgroup Version", info.Text("CgroupVersion"));
        text.Append(" Plugins:\n");
        JsonObject? plugins = info.Object("Plugins");
        foreach (string kind in (string[])["Volume", "Network", "Authorization", "Log"])
        {
            List<string> names = [.. plugins.Strings(kind)];
            if (names.Count > 0 || kind is "Volume" or "Network")
            {
                Line(text, 2, kind, string.Join(' ', names));
            }
        }
    }

    private static void Runtimes(StringBuilder text, JsonNode? info)
    {
        Line(text, 1, "Swarm", info.Object("Swarm").Text("LocalNodeState"));
        Optional(text, "Runtimes", string.Join(' ', (info.Object("Runtimes") ?? []).Select(r => r.Key).Order(StringComparer.Ordinal)));
        Optional(text, "Default Runtime", info.Text("DefaultRuntime"));
        Optional(text, "Init Binary", info.Text("InitBinary"));
        foreach ((string name, string member) in ((string, string)[])[("containerd", "ContainerdCommit"), ("runc", "RuncCommit"), ("init", "InitCommit")])
        {
            Line(text, 1, name + " version", info.Object(member).Text("ID"));
        }

        List<string> options = [.. info.Strings("SecurityOptions")];
        if (options.Count > 0)
        {
            text.Append(" Security Options:\n");
        }

        foreach (string[] parts in options.Select(o => o.Split(',')))
        {
            foreach ((string key, string value) in parts.Select(p => Pairs.Split(p)))
            {
                text.Append(key == "name" ? "  " + value : $"   {char.ToUpperInvariant(key[0]) + key[1..]}: {value}").Append('\n');
            }
        }
    }

    private static void Machine(StringBuilder text, JsonNode? info)
    {
        Optional(text, "Kernel Version", info.Text("KernelVersion"));
        Optional(text, "Operating System", info.Text("OperatingSystem"));
        Optional(text, "OSType", info.Text("OSType"));
        Optional(text, "Architecture", info.Text("Architecture"));
        Line(text, 1, "CPUs", info.Text("NCPU"));
        Line(text, 1, "Total Memory", Units.BinarySize(info.Long("MemTotal")));
        Optional(text, "Name", info.Text("Name"));
        Optional(text, "ID", info.Text("ID"));
        Line(text, 1, "Docker Root Dir", info.Text("DockerRootDir"));
        Line(text, 1, "Debug Mode", Word(info.Bool("Debug")));
        Optional(text, "HTTP Proxy", info.Text("HttpProxy"));
        Optional(text, "HTTPS Proxy", info.Text("HttpsProxy"));
        Optional(text, "No Proxy", info.Text("NoProxy"));
        List<string> labels = [.. info.Strings("Labels")];
        if (labels.Count > 0)
        {
            text.Append(" Labels:\n").AppendJoin("", labels.Select(l => $"  {l}\n"));
        }

        Line(text, 1, "Experimental", Word(info.Bool("ExperimentalBuild")));
    }

    private static void Registries(StringBuilder text, JsonNode? info)
    {
        JsonObject? config = info.Object("RegistryConfig");
        List<string> insecure =
        [
            .. (config.Object("IndexConfigs") ?? []).Where(r => r.Value?["Secure"] is JsonValue && !r.Value.Bool("Secure")).Select(r => r.Key),
            .. config.Strings("InsecureRegistryCIDRs"),
        ];
        if (insecure.Count > 0)
        {
            text.Append(" Insecure Registries:\n").AppendJoin("", insecure.Select(r => $"  {r}\n"));
        }

        List<string> mirrors = [.. config.Strings("Mirrors")];
        if (mirrors.Count > 0)
        {
            text.Append(" Registry Mirrors:\n").AppendJoin("", mirrors.Select(m => $"  {m}\n"));
        }

        Line(text, 1, "Live Restore Enabled", Word(info.Bool("LiveRestoreEnabled")));
        Optional(text, "Product License", info.Text("ProductLicense"));
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static void Optional(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
        {
            Line(text, 1, name, value);
        }
    }

    private static void Line(StringBuilder text, int indent, string name, string value) =>
        text.Append(' ', indent).Append(name).Append(": ").Append(value).Append('\n');
}
