using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>The part of a container that does not depend on its host: what to run and as whom (Engine API <c>ContainerConfig</c>).</summary>
public record ContainerConfig
{
    /// <summary>Host name inside the container; empty lets the engine choose.</summary>
    public string Hostname { get => field ?? ""; init; }

    /// <summary>NIS domain name inside the container.</summary>
    public string Domainname { get => field ?? ""; init; }

    /// <summary><c>user[:group]</c>, names or numbers; empty means root.</summary>
    public string User { get => field ?? ""; init; }

    /// <summary>Whether the creating client attaches to standard input.</summary>
    public bool AttachStdin { get; init; }

    /// <summary>Whether the creating client attaches to standard output.</summary>
    public bool AttachStdout { get; init; }

    /// <summary>Whether the creating client attaches to standard error.</summary>
    public bool AttachStderr { get; init; }

    /// <summary>Ports the program listens on, keyed <c>port/protocol</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    /// <summary>Whether the standard streams are one terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Whether standard input stays open.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Whether standard input closes when the first attached client leaves.</summary>
    public bool StdinOnce { get; init; }

    /// <summary><c>NAME=value</c> entries; <c>NAME</c> alone removes a variable of the image.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Arguments of the entry point, or the program itself; a lone string is accepted.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Test that tells whether the program works; null inherits the image's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HealthConfig? Healthcheck { get; init; }

    /// <summary>Windows only: the command is already escaped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ArgsEscaped { get; init; }

    /// <summary>Image name or id the container was created from.</summary>
    public string Image { get => field ?? ""; init; }

    /// <summary>Paths that become anonymous volumes.</summary>
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }

    /// <summary>Directory the program starts in; empty means <c>/</c>.</summary>
    public string WorkingDir { get => field ?? ""; init; }

    /// <summary>Program and leading arguments; an empty list clears the image's.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Whether the container has no network at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NetworkDisabled { get; init; }

    /// <summary>Deprecated since 1.44: address of the first endpoint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MacAddress { get; init; }

    /// <summary>Instructions that run when an image is built from this one.</summary>
    public IReadOnlyList<string>? OnBuild { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Signal that asks the program to end, by name or number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopSignal { get; init; }

    /// <summary>Seconds between the stop signal and SIGKILL; -1 waits for ever.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? StopTimeout { get; init; }

    /// <summary>Shell for the shell form of RUN, CMD and ENTRYPOINT.</summary>
    [JsonConverter(typeof(StringListConverter))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Shell { get; init; }

    /// <summary>The config alone, without what a derived request adds.</summary>
    public ContainerConfig ToConfig() => new(this);
}

/// <summary>A health test of a container; durations are nanoseconds, zero inherits.</summary>
public sealed record HealthConfig
{
    /// <summary>Empty inherits; <c>["NONE"]</c>, <c>["CMD", args…]</c> or <c>["CMD-SHELL", line]</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Nanoseconds between two tests; zero or at least one millisecond.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Interval { get; init; }

    /// <summary>Nanoseconds after which a test counts as failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Timeout { get; init; }

    /// <summary>Nanoseconds after the start in which failures do not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartPeriod { get; init; }

    /// <summary>Nanoseconds between tests during the start period (API 1.44).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartInterval { get; init; }

    /// <summary>Consecutive failures that make a container unhealthy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Retries { get; init; }
}
