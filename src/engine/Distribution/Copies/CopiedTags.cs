using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Repositories;
using Slipway.Oci;

namespace Slipway.Distribution.Copies;

/// <summary>
/// Keeps manifests of copied repositories as their registries have them: a tag is asked for anew every few seconds at most, a digest once.
/// While a registry does not answer, what is here is good enough.
/// </summary>
internal sealed class CopiedTags(SlipwayEngine engine, RegistryDoor door, CopyCredentials credentials, Func<DistributionOptions> options, ILogger log)
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<(string Repository, string Reference), Lazy<Task>> _running = new();
    private readonly ConcurrentDictionary<(string Repository, string Reference), DateTimeOffset> _checked = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _silent = new();

    /// <summary>Makes sure that a manifest is here, if its registry has it. Those who ask at the same time share one question.</summary>
    /// <param name="repository">Our repository.</param>
    /// <param name="name">The repository at its registry.</param>
    /// <param name="reference">Tag or digest.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="EngineException">Unavailable: it is not here and its registry does not answer.</exception>
    internal async Task RefreshAsync(string repository, Reference name, string reference, CancellationToken cancel)
    {
        var key = (repository, reference);
        var (row, content) = Known(repository, reference);
        var isDigest = reference.Contains(':', StringComparison.Ordinal);
        if (content && (isDigest || IsRecent(_checked, key, s_fresh) || IsRecent(_silent, name.Domain, s_silence)))
        {
            return;
        }

        var work = _running.GetOrAdd(key, _ => new Lazy<Task>(() => Task.Run(() => AskAsync(key, name, content ? row : null), CancellationToken.None)));
        try
        {
            await work.Value.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _running.TryRemove(new KeyValuePair<(string, string), Lazy<Task>>(key, work));
        }
    }

    private async Task AskAsync((string Repository, string Reference) key, Reference name, StoredManifest? known)
    {
        using var limit = new CancellationTokenSource(s_patience, engine.Time);
        try
        {
            await door.TryEachAsync(name, credentials.For(name.Domain), "pull", session => CopyAsync(session, key, known, limit.Token), limit.Token).ConfigureAwait(false);
            Remember(_checked, key);
        }
        catch (Exception e) when (IsAbsent(e))
        {
            log.LogInformation("{Registry} does not give {Name}: {Reason}", name.Domain, $"{name.Path} {key.Reference}", e.Message);
            if (known is not null && !key.Reference.Contains(':', StringComparison.Ordinal))
            {
                await engine.RemoveManifest.UntagAsync(key.Repository, key.Reference).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (known is not null && e is EngineException or RegistryException or FormatException or OperationCanceledException)
        {
            log.LogWarning("{Registry} does not answer, {Name} is given as it was: {Reason}", name.Domain, $"{key.Repository}:{key.Reference}", e.Message);
            Remember(_silent, name.Domain);
        }
        catch (Exception e) when (e is RegistryException or FormatException or OperationCanceledException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"{name.Domain} does not give {name.Path}: {e.Message}", e);
        }
    }

    private async Task<bool> CopyAsync(RegistrySession session, (string Repository, string Reference) key, StoredManifest? known, CancellationToken cancel)
    {
        var manifests = new ManifestFetcher(session, options(), engine.Time);
        if (known is not null && (await manifests.HeadAsync(key.Reference, cancel).ConfigureAwait(false))?.Digest == known.Digest)
        {
            return true;
        }

        var isDigest = Digest.TryParse(key.Reference, out var digest);
        var document = await manifests.GetAsync(key.Reference, isDigest ? new Descriptor { Digest = digest } : null, cancel).ConfigureAwait(false);
        await engine.PutManifest.RunAsync(
            key.Repository, isDigest ? null : key.Reference, document.Descriptor.MediaType, document.Content, document.Descriptor.Digest.Algorithm, isCopy: true).ConfigureAwait(false);
        return true;
    }

    private (StoredManifest? Row, bool IsThere) Known(string repository, string reference)
    {
        var found = engine.Repositories.Find(repository);
        var row = Digest.TryParse(reference, out var digest) ? found?.Manifest(digest) : found?.Tag(reference) is { } tag ? found.Manifest(tag.Digest) : null;
        return (row, row is not null && engine.Content.Contains(row.Digest));
    }

    // A refusal counts as absence: who asks us is not to learn what our credentials do not open.
    private static bool IsAbsent(Exception failure) => failure switch
    {
        RegistryException refusal => !refusal.IsTemporary,
        EngineException e => e.Kind is ErrorKind.NotFound or ErrorKind.Forbidden or ErrorKind.Unauthorized,
        _ => false,
    };

    private bool IsRecent<T>(ConcurrentDictionary<T, DateTimeOffset> times, T key, TimeSpan within)
        where T : notnull => times.TryGetValue(key, out var at) && engine.Time.GetUtcNow() - at < within;

    private void Remember<T>(ConcurrentDictionary<T, DateTimeOffset> times, T key)
        where T : notnull
    {
        if (times.Count > MostRemembered)
        {
            times.Clear();
        }

        times[key] = engine.Time.GetUtcNow();
    }
}
