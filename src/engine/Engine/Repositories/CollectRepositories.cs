using Slipway.Engine.Images;

namespace Slipway.Engine.Repositories;

/// <summary>What a collection of the registry freed.</summary>
/// <param name="Blobs">Blobs that repositories gave up.</param>
/// <param name="Bytes">Bytes that were freed, as far as no image and no other repository has them.</param>
public sealed record RegistryCollected(int Blobs, long Bytes);

/// <summary>Frees what no manifest of the registry names. Pushes go on meanwhile: what they rely on counts as used.</summary>
public sealed class CollectRepositories(RepositoryTable repositories, BlobUploads uploads, CollectGarbage collect)
{
    /// <summary>How long a blob waits for the manifest that names it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromHours(2);

    /// <summary>Collects.</summary>
    public async Task<RegistryCollected> RunAsync()
    {
        uploads.Sweep();
        var dropped = await repositories.DropUnusedAsync(Patience).ConfigureAwait(false);
        var collected = await collect.RunAsync().ConfigureAwait(false);
        return new RegistryCollected(dropped, collected.Bytes);
    }
}
