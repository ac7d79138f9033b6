using static Slipway.Daemon.Options.OptionShape;
using static Slipway.Daemon.Options.OptionValues;

namespace Slipway.Daemon.Options;

/// <summary>Every option, once: dockerd's names and meanings, and what is different here.</summary>
public static class OptionTable
{
    /// <summary>All options, in the order of <c>--help</c>.</summary>
    public static IReadOnlyList<DaemonOption> All { get; } =
    [
        new("host", 'H', "hosts", List, "Address to listen on: unix://PATH, tcp://HOST:PORT, fd:// (many)", (s, v) => s.Hosts.Add(v)),
        new("config-file", null, null, Text, "Configuration file", (s, v) => s.ConfigFile = AbsolutePath("--config-file", v)),
        new("data-root", null, "data-root", Text, "Directory of persistent state", (s, v) => s.DataRoot = AbsolutePath("data-root", v)),
        new("exec-root", null, "exec-root", Text, "Directory of run-time state, on a tmpfs", (s, v) => s.ExecRoot = AbsolutePath("exec-root", v)),
        new("pidfile", 'p', "pidfile", Text, "File for the daemon's process id", (s, v) => s.PidFile = AbsolutePath("pidfile", v)),
        new("group", 'G', "group", Text, "Group that may use unix sockets (default: slipway or docker)", (s, v) => s.Group = v),
        new("debug", 'D', "debug", Switch, "Log at debug level", (s, v) => s.Debug = OnOff("debug", v)),
        new("log-level", 'l', "log-level", Text, "debug, info, warn, error or fatal", (s, v) => s.LogLevel = OneOf("log-level", v, "debug", "info", "warn", "error", "fatal")),
        new("log-format", null, "log-format", Text, "text or json", (s, v) => s.LogFormat = OneOf("log-format", v, "text", "json")),
        new("validate", null, null, Switch, "Check the configuration and end", (s, v) => s.Validate = OnOff("--validate", v)),
        new("version", 'v', null, Switch, "Print the version and end", (s, v) => s.Version = OnOff("--version", v)),
        new("help", 'h', null, Switch, "Print this and end", (s, v) => s.Help = OnOff("--help", v)),
        new("tls", null, "tls", Switch, "Use TLS; implied by --tlsverify", (s, v) => s.Tls = OnOff("tls", v)),
        new("tlsverify", null, "tlsverify", Switch, "Use TLS and accept only clients with a certificate of --tlscacert", (s, v) => s.TlsVerify = OnOff("tlsverify", v)),
        new("tlscacert", null, "tlscacert", Text, "CA certificates of clients (PEM)", (s, v) => s.TlsCaCert = AbsolutePath("tlscacert", v)),
        new("tlscert", null, "tlscert", Text, "The daemon's certificate (PEM)", (s, v) => s.TlsCert = AbsolutePath("tlscert", v)),
        new("tlskey", null, "tlskey", Text, "The daemon's key (PEM)", (s, v) => s.TlsKey = AbsolutePath("tlskey", v)),
        new("insecure-tcp", null, "insecure-tcp", Switch, "Serve TCP without client certificates: whoever reaches the port is root here", (s, v) => s.InsecureTcp = OnOff("insecure-tcp", v)),
        new("label", null, "labels", List, "Label of the engine, key=value (many)", (s, v) => s.Labels.Add(Label(v))),
        .. OptionTables.Containers,
        .. OptionTables.Networks,
        .. OptionTables.Others,
    ];

    private static string Label(string value)
    {
        Pair("label", value);
        return value;
    }
}
