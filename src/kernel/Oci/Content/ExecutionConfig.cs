using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>How a container of an image runs, with Docker's additions (OCI image-spec, config.md, <c>config</c>).</summary>
public sealed record ExecutionConfig
{
    /// <summary><c>user[:group]</c>, names or numbers.</summary>
    public string? User { get; init; }

    /// <summary>Ports the program listens on, keyed <c>port/protocol</c>; the values are empty objects.</summary>
    public IReadOnlyDictionary<string, JsonElement>? ExposedPorts { get; init; }

    /// <summary><c>NAME=value</c> entries.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Program and leading arguments.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Arguments, or the program when there is no entry point.</summary>
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Paths that hold data; the values are empty objects.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Volumes { get; init; }

    /// <summary>Directory the program starts in.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>Metadata.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Signal that asks the program to end.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Windows only: the command is already escaped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ArgsEscaped { get; init; }

    /// <summary>Docker: health test.</summary>
    public HealthTest? Healthcheck { get; init; }

    /// <summary>Docker: instructions that run when an image is built from this one.</summary>
    public IReadOnlyList<string>? OnBuild { get; init; }

    /// <summary>Docker: shell for the shell form of instructions.</summary>
    public IReadOnlyList<string>? Shell { get; init; }

    /// <summary>Members this model does not know; kept for a true round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }
}

/// <summary>Docker's health test in an image; durations are nanoseconds.</summary>
public sealed record HealthTest
{
    /// <summary><c>["NONE"]</c>, <c>["CMD", args…]</c> or <c>["CMD-SHELL", line]</c>.</summary>
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Nanoseconds between two tests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Interval { get; init; }

    /// <summary>Nanoseconds after which a test counts as failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Timeout { get; init; }

    /// <summary>Nanoseconds after the start in which failures do not count.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartPeriod { get; init; }

    /// <summary>Nanoseconds between tests during the start period.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartInterval { get; init; }

    /// <summary>Consecutive failures that make a container unhealthy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Retries { get; init; }
}
