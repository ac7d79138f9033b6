namespace Slipway.Platform.Model;

/// <summary>An address at which an application answers.</summary>
public sealed record Domain
{
    /// <summary>Host name; <c>*.example.com</c> for one label.</summary>
    public required string Host { get; init; }

    /// <summary>Service of a Compose file that answers; null for the main one.</summary>
    public string? Service { get; init; }

    /// <summary>Port of the service; 0 for its usual one.</summary>
    public int Port { get; init; }

    /// <summary>Path prefix, such as <c>/api</c>.</summary>
    public string Path { get => field ?? "/"; init; }

    /// <summary><c>none</c>, <c>internal</c> (own authority) or <c>acme</c>.</summary>
    public string Tls { get => field ?? "none"; init; }

    /// <summary>Whether the prefix is taken away before the application sees the path.</summary>
    public bool StripPath { get; init; }

    /// <summary>Address that requests are sent on to instead of the application; null for none.</summary>
    public string? RedirectTo { get; init; }

    /// <summary>User name that is asked for; null for nobody.</summary>
    public string? User { get; init; }

    /// <summary>The password's bcrypt hash.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>The address as text.</summary>
    public string Url => (Tls == "none" ? "http://" : "https://") + Host + (Path == "/" ? "" : Path);
}
