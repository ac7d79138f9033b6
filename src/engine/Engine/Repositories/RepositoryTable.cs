using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>Every repository of our registry, in memory and as rows. Content is in the <see cref="ContentStore"/>, shared with images.</summary>
public sealed class RepositoryTable(StateStore state, ContentStore content, TimeProvider time, ILogger log)
{
    private readonly ConcurrentDictionary<string, Repository> _repositories = new(StringComparer.Ordinal);

    /// <summary>Every repository, by name.</summary>
    public IReadOnlyList<Repository> All => [.. _repositories.Values.OrderBy(repository => repository.Name, StringComparer.Ordinal)];

    /// <summary>The repository of that name, or null.</summary>
    public Repository? Find(string name) => _repositories.GetValueOrDefault(name);

    /// <summary>The blob's link in a repository, if the blob is really there; whoever asks relies on it.</summary>
    public BlobLink? FindBlob(string name, Digest digest)
    {
        if (Find(name) is not { } repository || repository.Link(digest) is not { } link || !IsThere(link))
        {
            return null;
        }

        repository.Saw(digest, time.GetUtcNow());
        return link;
    }

    /// <summary>Links a blob that is in the content store to a repository. The caller holds a lease.</summary>
    /// <exception cref="EngineException">NotFound: the store has no such blob; Unavailable.</exception>
    public async Task LinkAsync(string name, Digest digest)
    {
        var link = new BlobLink { Repository = name, Digest = digest, Size = content.Size(digest) };
        while (true)
        {
            var (repository, isNew) = GetOrAdd(name);
            Task commit;
            lock (repository.LinkOrder)
            {
                if (repository.IsRemoved)
                {
                    continue;
                }

                commit = repository.Link(digest) == link ? Task.CompletedTask : state.CommitAsync([.. isNew ? [Row(repository.Record)] : (IEnumerable<StateChange>)[], Row(link)]);
                repository.Put(link, time.GetUtcNow());
            }

            try
            {
                await commit.ConfigureAwait(false);
                return;
            }
            catch (EngineException)
            {
                repository.RemoveLink(digest);
                throw;
            }
        }
    }

    /// <summary>Forgets that a repository has a blob.</summary>
    /// <returns>False when it had none.</returns>
    public async Task<bool> UnlinkAsync(string name, Digest digest)
    {
        if (Find(name) is not { } repository)
        {
            return false;
        }

        await repository.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (repository.Link(digest) is null)
            {
                return false;
            }

            await DropLinksAsync(repository, [digest]).ConfigureAwait(false);
            return true;
        }
        finally
        {
            repository.Gate.Release();
        }
    }

    /// <summary>Forgets blobs that no manifest names and nobody asked for lately: uploads whose push was given up.</summary>
    /// <param name="unusedFor">How long nobody must have asked for them.</param>
    /// <returns>How many links were dropped.</returns>
    public async Task<int> DropUnusedAsync(TimeSpan unusedFor)
    {
        var dropped = 0;
        foreach (var repository in All)
        {
            await repository.Gate.WaitAsync().ConfigureAwait(false);
            try
            {
                var unused = repository.Unused(time.GetUtcNow() - unusedFor);
                await DropLinksAsync(repository, unused).ConfigureAwait(false);
                dropped += unused.Count;
            }
            finally
            {
                repository.Gate.Release();
            }
        }

        return dropped;
    }

    /// <summary>Changes a repository's settings, making it if there is none.</summary>
    public async Task ConfigureAsync(string name, Func<RepositoryRecord, RepositoryRecord> change)
    {
        var (repository, _) = GetOrAdd(name);
        await repository.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var record = change(repository.Record);
            await state.CommitAsync(Row(record)).ConfigureAwait(false);
            repository.Record = record;
        }
        finally
        {
            repository.Gate.Release();
        }
    }

    /// <summary>Removes a repository with everything that is in it; content goes at the next collection.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAsync(string name)
    {
        if (Find(name) is not { } repository)
        {
            return false;
        }

        await repository.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            Task commit;
            lock (repository.LinkOrder)
            {
                commit = state.CommitAsync(
                [
                    new StateChange(StateRoom.Repositories, name, null),
                    .. repository.Tags().Select(tag => new StateChange(StateRoom.RepositoryTags, Key(tag), null)),
                    .. repository.Manifests.Select(manifest => new StateChange(StateRoom.RepositoryManifests, Key(name, manifest.Digest), null)),
                    .. repository.Links.Select(link => new StateChange(StateRoom.RepositoryBlobs, Key(name, link.Digest), null)),
                ]);
                repository.IsRemoved = true;
                _repositories.TryRemove(name, out _);
            }

            await commit.ConfigureAwait(false);
            return true;
        }
        finally
        {
            repository.Gate.Release();
        }
    }

    internal void Load()
    {
        var now = time.GetUtcNow();
        foreach (var record in Read(StateRoom.Repositories, json => json.RepositoryRecord))
        {
            _repositories[record.Name] = new Repository(record);
        }

        foreach (var link in Read(StateRoom.RepositoryBlobs, json => json.BlobLink))
        {
            GetOrAdd(link.Repository).Repository.Put(link, now);
        }

        foreach (var manifest in Read(StateRoom.RepositoryManifests, json => json.StoredManifest))
        {
            GetOrAdd(manifest.Repository).Repository.Put(manifest, null);
        }

        foreach (var tag in Read(StateRoom.RepositoryTags, json => json.TagRecord))
        {
            GetOrAdd(tag.Repository).Repository.Put(tag);
        }
    }

    /// <summary>Every blob and document that a repository has.</summary>
    internal IEnumerable<Digest> Blobs() =>
        _repositories.Values.SelectMany(repository => repository.Links.Select(link => link.Digest).Concat(repository.Manifests.Select(manifest => manifest.Digest)));

    internal (Repository Repository, bool IsNew) GetOrAdd(string name)
    {
        if (Find(name) is { } found)
        {
            return (found, false);
        }

        var made = new Repository(new RepositoryRecord { Name = name, Created = time.GetUtcNow() });
        var kept = _repositories.GetOrAdd(name, made);
        return (kept, kept == made);
    }

    /// <summary>Whether the file of a link is there with its size: one that was cut short counts as missing, so that it is uploaded again.</summary>
    internal bool IsThere(BlobLink link) => content.Contains(link.Digest) && content.Size(link.Digest) == link.Size;

    internal static StateChange Row(RepositoryRecord record) => new(StateRoom.Repositories, record.Name, JsonSerializer.SerializeToUtf8Bytes(record, RepositoryJson.Default.RepositoryRecord));

    internal static StateChange Row(BlobLink link) => new(StateRoom.RepositoryBlobs, Key(link.Repository, link.Digest), JsonSerializer.SerializeToUtf8Bytes(link, RepositoryJson.Default.BlobLink));

    internal static StateChange Row(StoredManifest manifest) =>
        new(StateRoom.RepositoryManifests, Key(manifest.Repository, manifest.Digest), JsonSerializer.SerializeToUtf8Bytes(manifest, RepositoryJson.Default.StoredManifest));

    internal static StateChange Row(TagRecord tag) => new(StateRoom.RepositoryTags, Key(tag), JsonSerializer.SerializeToUtf8Bytes(tag, RepositoryJson.Default.TagRecord));

    internal static string Key(string name, Digest digest) => $"{name}@{digest}";

    internal static string Key(TagRecord tag) => $"{tag.Repository}:{tag.Tag}";

    private async Task DropLinksAsync(Repository repository, IReadOnlyList<Digest> digests)
    {
        if (digests.Count == 0)
        {
            return;
        }

        Task commit;
        lock (repository.LinkOrder)
        {
            commit = state.CommitAsync([.. digests.Select(digest => new StateChange(StateRoom.RepositoryBlobs, Key(repository.Name, digest), null))]);
            foreach (var digest in digests)
            {
                repository.RemoveLink(digest);
            }
        }

        await commit.ConfigureAwait(false);
    }

    // What a row looks like is made up only if there is one.
    private IEnumerable<T> Read<T>(StateRoom room, Func<RepositoryJson, JsonTypeInfo<T>> type)
        where T : class
    {
        foreach (var (key, json) in state.Load(room))
        {
            T? row = null;
            try
            {
                row = JsonSerializer.Deserialize(json, type(RepositoryJson.Default));
            }
            catch (JsonException e)
            {
                log.LogError("the registry's row {Key} is unreadable: {Reason}", key, e.Message);
                state.ReportUnreadable($"repository {key}", e.Message);
            }

            if (row is not null)
            {
                yield return row;
            }
        }
    }
}
