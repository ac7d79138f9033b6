using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>One event of <c>GET /events</c>; <c>status</c>, <c>id</c> and <c>from</c> repeat values for old clients.</summary>
public sealed record EventMessage
{
    /// <summary>Same as action, for containers and images.</summary>
    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    /// <summary>Same as the actor's id.</summary>
    [JsonPropertyName("id")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>Image of the container.</summary>
    [JsonPropertyName("from")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary><c>container</c>, <c>image</c>, <c>volume</c>, <c>network</c>, <c>daemon</c>, …</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Action.</summary>
    public string Action { get => field ?? ""; init; }

    /// <summary>Actor.</summary>
    public EventActor Actor { get => field ?? new(); init; }

    /// <summary><c>local</c> or <c>swarm</c>.</summary>
    [JsonPropertyName("scope")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>Unix seconds.</summary>
    [JsonPropertyName("time")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Time { get; init; }

    /// <summary>Unix nanoseconds.</summary>
    [JsonPropertyName("timeNano")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long TimeNano { get; init; }
}

/// <summary>What an event is about.</summary>
public sealed record EventActor
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Attributes.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get => field ?? new Dictionary<string, string>(); init; }
}

/// <summary>Credentials for a registry (also the <c>X-Registry-Auth</c> header, base64url).</summary>
public sealed record AuthConfig
{
    /// <summary>Username.</summary>
    [JsonPropertyName("username")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Username { get; init; }

    /// <summary>Password.</summary>
    [JsonPropertyName("password")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Password { get; init; }

    /// <summary>base64 of <c>user:password</c>.</summary>
    [JsonPropertyName("auth")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Auth { get; init; }

    /// <summary>Deprecated.</summary>
    [JsonPropertyName("email")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    /// <summary>Server address.</summary>
    [JsonPropertyName("serveraddress")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ServerAddress { get; init; }

    /// <summary>Identity token.</summary>
    [JsonPropertyName("identitytoken")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IdentityToken { get; init; }

    /// <summary>Registry token.</summary>
    [JsonPropertyName("registrytoken")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RegistryToken { get; init; }
}

/// <summary>Answer of <c>POST /auth</c>.</summary>
public sealed record AuthResponse
{
    /// <summary>Status.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>Identity token.</summary>
    public string IdentityToken { get => field ?? ""; init; }
}

/// <summary>Answer with an id (exec create, commit).</summary>
public sealed record IdResponse
{
    /// <summary>Id.</summary>
    public string Id { get => field ?? ""; init; }
}

/// <summary>Body of every error.</summary>
public sealed record ErrorResponse
{
    /// <summary>Message.</summary>
    [JsonPropertyName("message")]
    public string Message { get => field ?? ""; init; }
}

/// <summary>One line of a progress stream (pull, push, load, build).</summary>
public sealed record JsonMessage
{
    /// <summary>Text to print as it is.</summary>
    [JsonPropertyName("stream")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Stream { get; init; }

    /// <summary>Status.</summary>
    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    /// <summary>Progress detail.</summary>
    [JsonPropertyName("progressDetail")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProgressDetail? ProgressDetail { get; init; }

    /// <summary>Ready-made bar, for old clients.</summary>
    [JsonPropertyName("progress")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Progress { get; init; }

    /// <summary>What the status is about.</summary>
    [JsonPropertyName("id")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>From.</summary>
    [JsonPropertyName("from")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>Time.</summary>
    [JsonPropertyName("time")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Time { get; init; }

    /// <summary>Time nano.</summary>
    [JsonPropertyName("timeNano")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long TimeNano { get; init; }

    /// <summary>Error detail.</summary>
    [JsonPropertyName("errorDetail")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ErrorDetail? ErrorDetail { get; init; }

    /// <summary>Error.</summary>
    [JsonPropertyName("error")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Machine-readable result.</summary>
    [JsonPropertyName("aux")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Aux { get; init; }
}

/// <summary>Progress numbers.</summary>
public sealed record ProgressDetail
{
    /// <summary>Current.</summary>
    [JsonPropertyName("current")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Current { get; init; }

    /// <summary>Total.</summary>
    [JsonPropertyName("total")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Total { get; init; }

    /// <summary>Start.</summary>
    [JsonPropertyName("start")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Start { get; init; }

    /// <summary>Hide counts.</summary>
    [JsonPropertyName("hidecounts")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HideCounts { get; init; }

    /// <summary>Units.</summary>
    [JsonPropertyName("units")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Units { get; init; }
}

/// <summary>An error in a progress stream.</summary>
public sealed record ErrorDetail
{
    /// <summary>Code.</summary>
    [JsonPropertyName("code")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Code { get; init; }

    /// <summary>Message.</summary>
    [JsonPropertyName("message")]
    public string Message { get => field ?? ""; init; }
}

/// <summary><c>aux</c> of a load or build: the image's digest.</summary>
public sealed record ImageIdAux
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }
}
