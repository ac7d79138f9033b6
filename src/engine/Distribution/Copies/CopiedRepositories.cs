using Microsoft.Extensions.Logging;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Distribution.Copies;

/// <summary>
/// Repositories of our registry that are copies of other registries' (a pull-through cache): content comes when it is asked for, once, and
/// stays. Only what an operator named is ever asked.
/// </summary>
public sealed class CopiedRepositories : IDisposable
{
    private const int MostBytes = ContentStore.MaxDocument;

    private readonly SlipwayEngine _engine;
    private readonly IReadOnlyList<UpstreamRegistry> _upstreams;
    private readonly RegistryDoor _door;
    private readonly CopyCredentials _credentials;
    private readonly CopiedTags _tags;
    private readonly CopyFlights _flights;

    private CopiedRepositories(SlipwayEngine engine, IReadOnlyList<UpstreamRegistry> upstreams, string? credentials, Func<DistributionOptions> options, ILogger log)
    {
        (_engine, _upstreams) = (engine, upstreams);
        _door = new RegistryDoor(options, engine.Time);
        _credentials = new CopyCredentials(credentials);
        _tags = new CopiedTags(engine, _door, _credentials, options, log);
        _flights = new CopyFlights(engine, options);
    }

    /// <summary>The copies of an engine's registry.</summary>
    /// <param name="engine">Where content goes.</param>
    /// <param name="upstreams">What is copied.</param>
    /// <param name="credentials">File with credentials as <c>docker login</c> writes it, or null.</param>
    /// <param name="log">Told of registries that do not answer.</param>
    /// <param name="options">Null for what the engine's options say.</param>
    public static CopiedRepositories For(SlipwayEngine engine, IReadOnlyList<UpstreamRegistry> upstreams, string? credentials, ILogger log, DistributionOptions? options = null) =>
        new(engine, upstreams, credentials, options is null ? () => Registries.Options(engine, null) with { AnswerTimeout = TimeSpan.FromSeconds(20) } : () => options, log);

    /// <summary>The copy that a name means.</summary>
    /// <param name="name">The repository that was asked for.</param>
    /// <param name="registry">The registry that the asker means (containerd's <c>?ns=</c>), or null.</param>
    /// <returns>The repository that holds the copy; null when the name is one of our own.</returns>
    public string? Locate(string name, string? registry)
    {
        if (registry is { Length: > 0 } && _upstreams.FirstOrDefault(upstream => upstream.Domain == registry) is { } named)
        {
            return $"{named.Prefix}/{name}";
        }

        return Of(name) is not null ? name
            : _upstreams.FirstOrDefault(upstream => upstream.IsMirror) is { } mirror && _engine.Repositories.Find(name) is not { HasContent: true } ? $"{mirror.Prefix}/{name}"
            : null;
    }

    /// <summary>Whether a repository is a copy.</summary>
    public bool IsCopy(string repository) => Of(repository) is not null;

    /// <summary>Brings a manifest up to date, by tag or digest.</summary>
    /// <exception cref="EngineException">Unavailable: it is not here and its registry does not answer.</exception>
    public Task RefreshAsync(string repository, string reference, CancellationToken cancel) => _tags.RefreshAsync(repository, Of(repository)!, reference, cancel);

    /// <summary>The blob as a manifest of the copy describes it; null when none names it.</summary>
    public Descriptor? Describe(string repository, Digest digest)
    {
        foreach (var row in (_engine.Repositories.Find(repository)?.Manifests ?? []).Where(row => row.Blobs.Contains(digest) && _engine.Content.Contains(row.Digest)))
        {
            var manifest = Manifest.Parse(_engine.Content.ReadSmall(row.Digest));
            return manifest.Layers.Prepend(manifest.Config).First(blob => blob.Digest == digest);
        }

        return null;
    }

    /// <summary>Opens a blob that is not here yet; it is fetched and kept. Dispose it.</summary>
    /// <exception cref="EngineException">Unavailable and others: it cannot be fetched.</exception>
    public Task<ArrivingBlob> OpenAsync(string repository, Descriptor blob, CancellationToken cancel)
    {
        var name = Of(repository)!;
        return _flights.OpenAsync(repository, blob, (work, gone) => _door.TryEachAsync(name, _credentials.For(name.Domain), "pull", work, gone), cancel);
    }

    /// <summary>The tags that the registry has; null when it does not answer.</summary>
    public Task<IReadOnlyList<string>?> TagsAsync(string repository, CancellationToken cancel) => AskAsync(repository, session => new TagLister(session).RunAsync(cancel), cancel);

    /// <summary>What refers to a manifest there, as an index; null when the registry does not say.</summary>
    public Task<byte[]?> ReferrersAsync(string repository, Digest subject, CancellationToken cancel) => AskAsync(repository, async session =>
    {
        using var response = await session.SendAsync(HttpMethod.Get, session.Address($"referrers/{subject}"), null, cancel).ConfigureAwait(false);
        using var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var content = new byte[MostBytes];
        var length = await body.ReadAtLeastAsync(content, MostBytes, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        Array.Resize(ref content, length);
        Oci.Index.Parse(content);
        return content;
    }, cancel);

    /// <summary>Where a copy comes from and who we are there; null for a repository of our own.</summary>
    internal (Reference Name, RegistryCredentials Credentials)? Origin(string repository) => Of(repository) is { } name ? (name, _credentials.For(name.Domain)) : null;

    /// <inheritdoc/>
    public void Dispose() => _door.Dispose();

    private async Task<T?> AskAsync<T>(string repository, Func<RegistrySession, Task<T>> work, CancellationToken cancel)
        where T : class
    {
        var name = Of(repository)!;
        try
        {
            return await _door.TryEachAsync(name, _credentials.For(name.Domain), "pull", work, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngineException or RegistryException or FormatException)
        {
            return null;
        }
    }

    // The repository at its registry.
    private Reference? Of(string repository) =>
        _upstreams.FirstOrDefault(upstream => repository.StartsWith(upstream.Prefix + "/", StringComparison.Ordinal)) is { } found
        && Reference.TryParse($"{found.Domain}/{repository[(found.Prefix.Length + 1)..]}", out var name, out _) ? name : null;
}
