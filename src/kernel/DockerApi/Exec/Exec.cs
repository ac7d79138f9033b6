using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Body of <c>POST /containers/{id}/exec</c>.</summary>
public sealed record ExecCreateRequest
{
    /// <summary>User.</summary>
    public string User { get => field ?? ""; init; }

    /// <summary>Privileged.</summary>
    public bool Privileged { get; init; }

    /// <summary>Tty.</summary>
    public bool Tty { get; init; }

    /// <summary>Initial height and width in characters.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<uint>? ConsoleSize { get; init; }

    /// <summary>Attach stdin.</summary>
    public bool AttachStdin { get; init; }

    /// <summary>Attach stderr.</summary>
    public bool AttachStderr { get; init; }

    /// <summary>Attach stdout.</summary>
    public bool AttachStdout { get; init; }

    /// <summary>Key sequence that detaches, such as <c>ctrl-p,ctrl-q</c>.</summary>
    public string DetachKeys { get => field ?? ""; init; }

    /// <summary>Env.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Working dir.</summary>
    public string WorkingDir { get => field ?? ""; init; }

    /// <summary>Program and arguments.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }
}

/// <summary>Body of <c>POST /exec/{id}/start</c>.</summary>
public sealed record ExecStartRequest
{
    /// <summary>Whether to return at once without streams.</summary>
    public bool Detach { get; init; }

    /// <summary>Tty.</summary>
    public bool Tty { get; init; }

    /// <summary>Initial height and width in characters.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<uint>? ConsoleSize { get; init; }
}

/// <summary>Answer of <c>GET /exec/{id}/json</c>.</summary>
public sealed record ExecInspect
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Running.</summary>
    public bool Running { get; init; }

    /// <summary>Null until it ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Process config.</summary>
    public ProcessConfig ProcessConfig { get => field ?? new(); init; }

    /// <summary>Open stdin.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Open stderr.</summary>
    public bool OpenStderr { get; init; }

    /// <summary>Open stdout.</summary>
    public bool OpenStdout { get; init; }

    /// <summary>Can remove.</summary>
    public bool CanRemove { get; init; }

    /// <summary>Container id.</summary>
    public string ContainerID { get => field ?? ""; init; }

    /// <summary>Detach keys.</summary>
    public string DetachKeys { get => field ?? ""; init; }

    /// <summary>Process id on the host.</summary>
    public int Pid { get; init; }
}

/// <summary>What an exec runs.</summary>
public sealed record ProcessConfig
{
    /// <summary>Tty.</summary>
    [JsonPropertyName("tty")]
    public bool Tty { get; init; }

    /// <summary>Entrypoint.</summary>
    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get => field ?? ""; init; }

    /// <summary>Arguments.</summary>
    [JsonPropertyName("arguments")]
    public IReadOnlyList<string> Arguments { get => field ?? []; init; }

    /// <summary>Privileged.</summary>
    [JsonPropertyName("privileged")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Privileged { get; init; }

    /// <summary>User.</summary>
    [JsonPropertyName("user")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? User { get; init; }
}
