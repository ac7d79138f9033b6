using Slipway.Cli.Options;
using Slipway.Client;

namespace Slipway.Cli;

/// <summary>The flags in front of the verb.</summary>
internal sealed class GlobalOptions(FlagValues flags)
{
    private static readonly string[] s_levels = ["debug", "info", "warn", "error", "fatal"];

    public static FlagTable Table { get; } = new FlagTable()
        .String("config", "Directory of the client's configuration", "~/.slipway")
        .String("context", 'c', "Name of a context (only \"default\" exists)")
        .Bool("debug", 'D', "Show more about errors")
        .List("host", 'H', "Address of the engine (unix:///path, tcp://host:port or ssh://[user@]host[:port][/path])")
        .String("log-level", 'l', "Level of logging (debug, info, warn, error, fatal)", "info")
        .Bool("tls", "Use TLS; implied by --tlsverify")
        .String("tlscacert", "Trust certificates of this authority only", "~/.slipway/ca.pem")
        .String("tlscert", "The client's certificate", "~/.slipway/cert.pem")
        .String("tlskey", "The client's key", "~/.slipway/key.pem")
        .Bool("tlsverify", "Use TLS and check the engine's certificate")
        .Bool("version", 'v', "Print the version and quit");

    public bool Debug => flags.Bool("debug");

    public bool Version => flags.Bool("version");

    /// <summary>Directory with the client's configuration.</summary>
    public string ConfigDirectory => flags.Has("config") ? flags.String("config")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".slipway");

    /// <summary>What <c>-H</c> says, else SLIPWAY_HOST, else DOCKER_HOST, else the usual socket.</summary>
    /// <exception cref="UsageException">No address.</exception>
    public EngineAddress Address()
    {
        string text = HostText();
        try
        {
            return text.Length == 0 ? EngineAddress.Default : EngineAddress.Parse(text, Tls());
        }
        catch (FormatException e)
        {
            throw new UsageException(e.Message, 1);
        }
    }

    /// <exception cref="UsageException">A level or a context that does not exist.</exception>
    public void Check()
    {
        if (!s_levels.Contains(flags.String("log-level")))
        {
            throw new UsageException($"unable to parse logging level: {flags.String("log-level")}", 1);
        }

        if (flags.List("host").Count > 1)
        {
            throw new UsageException("specify only one -H", 1);
        }

        if (flags.String("context") is not ("" or "default"))
        {
            throw new UsageException($"context \"{flags.String("context")}\": context not found", 1);
        }
    }

    // Docker's variables: DOCKER_TLS_VERIFY switches it on, DOCKER_CERT_PATH says where the files are.
    private TlsFiles? Tls()
    {
        bool verify = flags.Has("tlsverify") ? flags.Bool("tlsverify") : Environment.GetEnvironmentVariable("DOCKER_TLS_VERIFY") is { Length: > 0 };
        if (!verify && !flags.Bool("tls"))
        {
            return null;
        }

        string directory = Environment.GetEnvironmentVariable("DOCKER_CERT_PATH") is { Length: > 0 } path ? path : ConfigDirectory;
        string? File(string flag, string name) =>
            flags.Has(flag) ? flags.String(flag) : Path.Combine(directory, name) is var usual && System.IO.File.Exists(usual) ? usual : null;
        return new TlsFiles(File("tlscacert", "ca.pem"), File("tlscert", "cert.pem"), File("tlskey", "key.pem"), verify);
    }

    private string HostText() =>
        flags.Has("host") ? flags.String("host")
        : Environment.GetEnvironmentVariable("SLIPWAY_HOST") is { Length: > 0 } own ? own
        : Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "";
}
