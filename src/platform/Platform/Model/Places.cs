namespace Slipway.Platform.Model;

/// <summary>An engine that the platform uses: any Docker host.</summary>
public sealed record Server
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Address as docker's <c>-H</c> takes it: unix, tcp or ssh.</summary>
    public required string Address { get; init; }

    /// <summary>Directory on this machine with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>, for TCP with TLS; null for none.</summary>
    public string? TlsDirectory { get; init; }

    /// <summary>Whether it only builds; applications are not placed on it.</summary>
    public bool BuildServer { get; init; }

    /// <summary>How many builds run on it at once.</summary>
    public int ConcurrentBuilds { get => field == 0 ? 2 : field; init; }

    /// <summary>How many deployments may wait for it.</summary>
    public int QueueLimit { get => field == 0 ? 25 : field; init; }

    /// <summary>Seconds after which a build is ended.</summary>
    public int BuildTimeoutSeconds { get => field == 0 ? 3600 : field; init; }

    /// <summary>CPUs that one build may use; 0 for no limit.</summary>
    public double BuildCpus { get; init; }

    /// <summary>Bytes of memory that one build may use; 0 for no limit.</summary>
    public long BuildMemory { get; init; }

    /// <summary>Prefix under which built images are pushed and pulled (<c>registry.example.com/team</c>); null for none.</summary>
    public string? Registry { get; init; }

    /// <summary>As whom they are pushed and pulled there; null for nobody.</summary>
    public string? RegistryUser { get; init; }

    /// <summary>The password at the registry, encrypted.</summary>
    public string? SealedRegistryPassword { get; init; }

    /// <summary>Host address and port of the proxy for HTTP, such as <c>80</c> or <c>127.0.0.1:8080</c>.</summary>
    public string HttpPort { get => field ?? "80"; init; }

    /// <summary>As <see cref="HttpPort"/>, for HTTPS.</summary>
    public string HttpsPort { get => field ?? "443"; init; }

    /// <summary>Images of an application kept for rollback besides the one that runs.</summary>
    public int KeepReleases { get => field == 0 ? 5 : field; init; }
}

/// <summary>A group of environments.</summary>
public sealed record Project
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Variables that values of its applications refer to as <c>{{project.KEY}}</c>.</summary>
    public IReadOnlyList<Variable> Shared { get => field ?? []; init; }
}

/// <summary>Applications that belong together and reach each other by name over one network.</summary>
public sealed record AppEnvironment
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Project.</summary>
    public required string ProjectId { get; init; }

    /// <summary>Name, unique in the project; the first is <c>production</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Variables that values of its applications refer to as <c>{{environment.KEY}}</c>.</summary>
    public IReadOnlyList<Variable> Shared { get => field ?? []; init; }
}

/// <summary>A variable of an application.</summary>
public sealed record Variable
{
    /// <summary>Name.</summary>
    public required string Key { get; init; }

    /// <summary>Value, encrypted (see <c>SecretBox</c>).</summary>
    public required string Sealed { get; init; }

    /// <summary>Whether builds get it.</summary>
    public bool Build { get; init; }

    /// <summary>Whether containers get it.</summary>
    public bool Run { get; init; }

    /// <summary>Whether <c>$NAME</c> and <c>{{scope.NAME}}</c> in it stay as they are.</summary>
    public bool Literal { get; init; }

    /// <summary>Whether its value is never shown again and is redacted in every log.</summary>
    public bool Secret { get; init; }

    /// <summary>Whether it was generated because a Compose file names it; it is redacted in logs, but shown to who may see values.</summary>
    public bool Generated { get; init; }
}
