using Slipway.Engine.Content;
using Slipway.Engine.State;

namespace Slipway.Engine.Repositories;

/// <summary>Stores a manifest in a repository, under a tag or its digest alone, when everything that it names is there.</summary>
public sealed class PutManifest(RepositoryTable repositories, ContentStore content, StateStore state, TimeProvider time)
{
    /// <summary>Stores it; when this returns it is durable.</summary>
    /// <param name="name">The repository.</param>
    /// <param name="tag">The tag that is to point at it, or null.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="document">Its bytes, which are kept as they are.</param>
    /// <param name="algorithm">Of its digest.</param>
    /// <param name="isCopy">Whether it is a copy of another registry's, whose content comes when it is asked for.</param>
    /// <returns>Its row.</returns>
    /// <exception cref="EngineException">InvalidArgument: it is no manifest; Unavailable.</exception>
    /// <exception cref="MissingContentException">It names what is not there.</exception>
    public async Task<StoredManifest> RunAsync(string name, string? tag, string mediaType, byte[] document, string algorithm = "sha256", bool isCopy = false)
    {
        using var lease = content.BeginLease();
        var reading = ManifestReading.Of(document, mediaType);
        while (true)
        {
            var (repository, isNew) = repositories.GetOrAdd(name);
            await repository.Gate.WaitAsync().ConfigureAwait(false);
            try
            {
                if (!repository.IsRemoved)
                {
                    if (!isCopy)
                    {
                        Check(repository, reading);
                    }

                    return await StoreAsync(repository, isNew, reading, tag, mediaType, document, algorithm, isCopy).ConfigureAwait(false);
                }
            }
            finally
            {
                repository.Gate.Release();
            }
        }
    }

    private async Task<StoredManifest> StoreAsync(Repository repository, bool isNew, ManifestReading reading, string? tag, string mediaType, byte[] document, string algorithm, bool isCopy)
    {
        var descriptor = await Task.Run(() => content.Put(document, mediaType, algorithm)).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var row = new StoredManifest
        {
            Repository = repository.Name,
            Digest = descriptor.Digest,
            MediaType = mediaType,
            Size = document.Length,
            Blobs = [.. reading.Blobs.Select(blob => blob.Digest)],
            Manifests = [.. reading.Manifests.Select(child => child.Digest)],
            Subject = reading.Subject,
            ArtifactType = reading.ArtifactType,
            Annotations = reading.Subject is null ? null : reading.Annotations,
            Pushed = now,
            IsCopy = isCopy,
        };
        var tagRow = tag is null ? null : new TagRecord { Repository = repository.Name, Tag = tag, Digest = row.Digest, Updated = now };
        await state.CommitAsync(
        [
            .. isNew ? [RepositoryTable.Row(repository.Record)] : (IEnumerable<StateChange>)[],
            RepositoryTable.Row(row),
            .. tagRow is null ? [] : (IEnumerable<StateChange>)[RepositoryTable.Row(tagRow)],
        ]).ConfigureAwait(false);
        repository.Put(row, tagRow);
        return row;
    }

    private void Check(Repository repository, ManifestReading reading)
    {
        var missing = reading.Blobs.Where(blob => repository.Link(blob.Digest) is not { } link || !repositories.IsThere(link))
            .Concat(reading.Manifests.Where(child => repository.Manifest(child.Digest) is null)).Select(descriptor => descriptor.Digest).ToList();
        if (missing.Count > 0)
        {
            throw new MissingContentException(missing);
        }

        var wrong = reading.Blobs.FirstOrDefault(blob => repository.Link(blob.Digest)!.Size != blob.Size) ?? reading.Manifests.FirstOrDefault(child => repository.Manifest(child.Digest)!.Size != child.Size);
        if (wrong is not null)
        {
            throw EngineException.Invalid($"the manifest says that {wrong.Digest} has {wrong.Size} bytes, which is wrong");
        }
    }
}
