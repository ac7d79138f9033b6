using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>Removes tags and manifests from repositories. Their content goes when it is collected.</summary>
public sealed class RemoveManifest(RepositoryTable repositories, StateStore state)
{
    /// <summary>Removes a manifest and every tag that points at it.</summary>
    /// <returns>The tags that went with it; null when there is no such manifest.</returns>
    public Task<IReadOnlyList<string>?> RunAsync(string name, Digest digest) => ChangeAsync(
        name,
        repository => repository.Manifest(digest) is null ? null : [.. repository.Tags().Where(tag => tag.Digest == digest)],
        digest);

    /// <summary>Removes tags; what they point at stays.</summary>
    /// <returns>Those that were there; null when none was.</returns>
    public Task<IReadOnlyList<string>?> UntagAsync(string name, params IReadOnlyList<string> tags) => ChangeAsync(
        name,
        repository => tags.Select(repository.Tag).OfType<TagRecord>().ToList() is { Count: > 0 } found ? found : null,
        null);

    private async Task<IReadOnlyList<string>?> ChangeAsync(string name, Func<Repository, IReadOnlyList<TagRecord>?> find, Digest? manifest)
    {
        if (repositories.Find(name) is not { } repository)
        {
            return null;
        }

        await repository.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (find(repository) is not { } tags)
            {
                return null;
            }

            await state.CommitAsync(
            [
                .. tags.Select(tag => new StateChange(StateRoom.RepositoryTags, RepositoryTable.Key(tag), null)),
                .. manifest is { } digest ? [new StateChange(StateRoom.RepositoryManifests, RepositoryTable.Key(name, digest), null)] : (IEnumerable<StateChange>)[],
            ]).ConfigureAwait(false);
            repository.Remove(tags.Select(tag => tag.Tag), manifest);
            return [.. tags.Select(tag => tag.Tag)];
        }
        finally
        {
            repository.Gate.Release();
        }
    }
}
