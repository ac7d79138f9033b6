namespace Slipway.Distribution;

/// <summary>How registries are reached; dockerd's options of the same meaning, and bounds.</summary>
public sealed record DistributionOptions
{
    /// <summary><c>--registry-mirror</c>: addresses of mirrors of docker.io, tried in order before it.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary><c>--insecure-registry</c>: hosts (with port) or networks in CIDR notation, which may speak plain HTTP or show any certificate.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];

    /// <summary>The registry that is part of this engine, or null.</summary>
    public OwnRegistry? Own { get; init; }

    /// <summary><c>--max-concurrent-downloads</c>: blobs that are fetched at once, over all pulls.</summary>
    public int MaxDownloads { get; init; } = 3;

    /// <summary><c>--max-concurrent-uploads</c>: blobs that are sent at once, over all pushes.</summary>
    public int MaxUploads { get; init; } = 5;

    /// <summary><c>--max-download-attempts</c>: attempts in a row without a single new byte.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Directories with one directory per registry host, holding <c>hosts.toml</c> or certificates; the first that has the host counts.</summary>
    public IReadOnlyList<string> CertsDirectories { get; init; } = ["/etc/slipway/certs.d", "/etc/containerd/certs.d", "/etc/docker/certs.d"];

    /// <summary>Longest wait for a connection and for the head of an answer.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A transfer that brings less than <see cref="StallBytes"/> within this time is given up and begun again.</summary>
    public TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>See <see cref="StallTime"/>.</summary>
    public long StallBytes { get; init; } = 2048;

    /// <summary>The first pause between attempts; it doubles up to sixteen times as much.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What any layer may unpack to, in bytes; beyond it, two hundred times its packed size.</summary>
    public long UnpackedBytes { get; init; } = 4L << 30;
}
