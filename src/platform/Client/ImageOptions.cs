using Slipway.DockerApi;

namespace Slipway.Client;

/// <summary>What to import as an image.</summary>
public sealed record ImportOptions
{
    /// <summary>The file system as a tar; null when it comes from <see cref="Url"/>.</summary>
    public Stream? Tar { get; init; }

    /// <summary>Where the engine fetches the tar; null when it comes with the request.</summary>
    public string? Url { get; init; }

    /// <summary>Name of the image, or null.</summary>
    public string? Repository { get; init; }

    /// <summary>Its tag, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>Message of the history entry.</summary>
    public string? Message { get; init; }

    /// <summary>Platform of the image, or null for the host's.</summary>
    public string? Platform { get; init; }

    /// <summary>Dockerfile instructions applied to the config.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>How to make an image of a container.</summary>
public sealed record CommitOptions
{
    /// <summary>Name or id of the container.</summary>
    public required string Container { get; init; }

    /// <summary>Name of the image, or null.</summary>
    public string? Repository { get; init; }

    /// <summary>Its tag, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>Message of the history entry.</summary>
    public string? Comment { get; init; }

    /// <summary>Author of the image.</summary>
    public string? Author { get; init; }

    /// <summary>Whether the container is paused meanwhile.</summary>
    public bool Pause { get; init; } = true;

    /// <summary>Dockerfile instructions applied to the config.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>Config that replaces the container's, or null.</summary>
    public ContainerConfig? Config { get; init; }
}
