using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary><c>GET /distribution/{name}/json</c>: what a name points at, without pulling it.</summary>
public sealed class InspectDistribution
{
    private readonly RegistryDoor _door;
    private readonly Func<DistributionOptions> _options;
    private readonly TimeProvider _time;

    internal InspectDistribution(RegistryDoor door, Func<DistributionOptions> options, TimeProvider time) => (_door, _options, _time) = (door, options, time);

    /// <summary>Digest, size and platforms.</summary>
    /// <exception cref="EngineException">As a pull.</exception>
    public Task<DistributionInspect> RunAsync(Reference name, RegistryCredentials credentials, CancellationToken cancel) =>
        AskAsync(name, credentials, async (fetcher, document) => new DistributionInspect
        {
            Descriptor = new OciDescriptor { MediaType = document.Descriptor.MediaType, Digest = document.Descriptor.Digest.ToString(), Size = document.Descriptor.Size },
            Platforms = await PlatformsAsync(fetcher, document, cancel).ConfigureAwait(false),
        }, cancel);

    /// <summary>The manifest or index itself, byte for byte.</summary>
    /// <exception cref="EngineException">As a pull.</exception>
    public Task<(string MediaType, byte[] Content)> ManifestAsync(Reference name, RegistryCredentials credentials, CancellationToken cancel) =>
        AskAsync(name, credentials, (_, document) => Task.FromResult((document.Descriptor.MediaType, document.Content)), cancel);

    private async Task<T> AskAsync<T>(Reference name, RegistryCredentials credentials, Func<ManifestFetcher, FetchedDocument, Task<T>> look, CancellationToken cancel)
    {
        name = name.TagNameOnly();
        try
        {
            return await _door.TryEachAsync(name, credentials, "pull", async session =>
            {
                var fetcher = new ManifestFetcher(session, _options(), _time);
                var wanted = name.Digest is { } pinned ? new Descriptor { Digest = pinned } : null;
                return await look(fetcher, await fetcher.GetAsync(name.Digest?.ToString() ?? name.Tag!, wanted, cancel).ConfigureAwait(false)).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
        }
        catch (RegistryException e)
        {
            throw e.Code is "DENIED" or "UNAUTHORIZED" ? e.ToEngineException($"errors:\n{e.Message}\n") : PullFailure.Translate(e, name);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"invalid manifest of {name.Familiar}: {e.Message}", e);
        }
    }

    private static async Task<IReadOnlyList<OciPlatform>> PlatformsAsync(ManifestFetcher fetcher, FetchedDocument document, CancellationToken cancel)
    {
        if (MediaTypes.IsIndex(document.Descriptor.MediaType))
        {
            return [.. Oci.Index.Parse(document.Content).Manifests.Select(child => child.Platform).OfType<Platform>().Select(Shape)];
        }

        var manifest = Manifest.Parse(document.Content);
        return MediaTypes.IsConfig(manifest.Config.MediaType)
            ? [Shape(ImageConfig.Parse((await fetcher.GetBlobAsync(manifest.Config, cancel).ConfigureAwait(false)).Content).Platform)]
            : [];
    }

    private static OciPlatform Shape(Platform platform) => new()
    {
        Architecture = platform.Architecture, Os = platform.Os, OsVersion = platform.OsVersion, OsFeatures = platform.OsFeatures, Variant = platform.Variant,
    };
}
