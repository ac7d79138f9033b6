namespace Slipway.Distribution.Endpoints;

/// <summary>How the other side of a TLS connection is checked, and who we are to it.</summary>
/// <param name="SkipVerify">Take any certificate.</param>
/// <param name="Authorities">PEM files with further certificate authorities.</param>
/// <param name="Clients">Our certificates: PEM file and key file (the same when both are in one).</param>
internal sealed record TlsSettings(bool SkipVerify, IReadOnlyList<string> Authorities, IReadOnlyList<(string Certificate, string Key)> Clients)
{
    internal static readonly TlsSettings Default = new(false, [], []);

    /// <summary>Tells settings apart, also after their files changed.</summary>
    internal string Key { get; } = string.Join('\n', [SkipVerify ? "skip" : "verify", .. Authorities.Select(Stamp), .. Clients.Select(c => Stamp(c.Certificate) + Stamp(c.Key))]);

    private static string Stamp(string file) => $"{file} {File.GetLastWriteTimeUtc(file).Ticks}";
}

/// <summary>One address at which a repository may be found: the registry itself or a mirror of it.</summary>
internal sealed record RegistryEndpoint
{
    /// <summary>Address of the API with a slash at its end: <c>https://registry-1.docker.io/v2/</c>.</summary>
    internal required Uri Base { get; init; }

    /// <summary>The registry itself: the only one that ever sees credentials.</summary>
    internal bool IsUpstream { get; init; } = true;

    /// <summary>Blobs and manifests may be read here.</summary>
    internal bool CanPull { get; init; } = true;

    /// <summary>It may say what a tag points at.</summary>
    internal bool CanResolve { get; init; } = true;

    /// <summary>It may be pushed to.</summary>
    internal bool CanPush { get; init; } = true;

    /// <summary>The registry that is part of this engine: it has what the content store has.</summary>
    internal bool IsOwn { get; init; }

    internal TlsSettings Tls { get; init; } = TlsSettings.Default;

    /// <summary>Headers that every request carries, by configuration.</summary>
    internal IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The registry that a mirror of many is asked for (<c>?ns=</c>), or null.</summary>
    internal string? Namespace { get; init; }

    /// <summary>Plain HTTP, tried after TLS because the registry is insecure.</summary>
    internal bool IsPlain => Base.Scheme == Uri.UriSchemeHttp;
}
