using Slipway.Distribution.Authorization;
using Slipway.Distribution.Copies;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>
/// Fetches damaged content of a repository of ours from wherever it may be: the registry that the repository is a copy of, or else every repository
/// that images here came from or went to. A digest says what it is, whoever gives it.
/// </summary>
internal sealed class SeekContent(SlipwayEngine engine, RegistryDoor door, Func<DistributionOptions> options, CopiedRepositories? copies)
{
    private const int MostPlaces = 50;

    /// <summary>Fetches; the damaged content stays when nobody has it.</summary>
    /// <param name="repository">The repository of ours.</param>
    /// <param name="digest">What is damaged or missing.</param>
    /// <param name="size">Its bytes; null for a manifest.</param>
    /// <param name="cancel">Stops it.</param>
    internal async Task RunAsync(string repository, Digest digest, long? size, CancellationToken cancel)
    {
        using var lease = engine.Content.BeginLease();
        lease.Hold(digest.ToString());
        engine.Content.SetAside(digest);
        try
        {
            foreach (var (name, credentials) in Places(repository))
            {
                if (await TryAsync(name, credentials, digest, size, cancel).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        finally
        {
            engine.Content.EndSetAside(digest);
        }
    }

    private IEnumerable<(Reference Name, RegistryCredentials Credentials)> Places(string repository) =>
        copies?.Origin(repository) is { } origin ? [origin]
            : engine.Images.All.SelectMany(image => image.Record.Digests).Select(name => Reference.Parse(name).NameOnly())
                .Where(name => options().Own?.Is(name.Domain) != true).DistinctBy(name => name.Name).Take(MostPlaces).Select(name => (name, RegistryCredentials.None));

    private async Task<bool> TryAsync(Reference name, RegistryCredentials credentials, Digest digest, long? size, CancellationToken cancel)
    {
        try
        {
            await door.TryEachAsync(name, credentials, "pull", session => FetchAsync(session, digest, size, cancel), cancel).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is EngineException or RegistryException or FormatException)
        {
            // The next one may have it; what is damaged in the end is told.
            return false;
        }
    }

    private async Task<bool> FetchAsync(RegistrySession session, Digest digest, long? size, CancellationToken cancel)
    {
        if (size is not { } bytes)
        {
            var document = await new ManifestFetcher(session, options(), engine.Time).GetAsync(digest.ToString(), new Descriptor { Digest = digest }, cancel).ConfigureAwait(false);
            engine.Content.Put(document.Content, document.Descriptor.MediaType, digest.Algorithm);
            return true;
        }

        using var writer = engine.Content.BeginWrite();
        await new BlobFetcher(session, options(), engine.Time).RunAsync(new Descriptor { Digest = digest, Size = bytes }, writer, _ => { }, _ => { }, cancel).ConfigureAwait(false);
        await writer.CommitAsync(digest, bytes).ConfigureAwait(false);
        return true;
    }
}
