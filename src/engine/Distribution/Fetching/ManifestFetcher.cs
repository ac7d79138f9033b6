using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>A small document of a registry, checked against its digest.</summary>
/// <param name="Descriptor">Its media type, digest and size.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record FetchedDocument(Descriptor Descriptor, byte[] Content);

/// <summary>Reads manifests, indexes and configs: bounded, and nothing is believed that does not match.</summary>
internal sealed class ManifestFetcher(RegistrySession session, DistributionOptions options, TimeProvider time)
{
    private static readonly string[] s_accepted =
        [MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest];

    /// <summary>What a tag points at, without reading it (registries may count reads); null when the registry does not say.</summary>
    internal async Task<Descriptor?> HeadAsync(string reference, CancellationToken cancel)
    {
        using var response = await session.SendAsync(HttpMethod.Head, session.Address($"manifests/{reference}"), Accept, cancel).ConfigureAwait(false);
        return Header(response) is { } digest && MediaType(response) is { Length: > 0 } type && response.Content.Headers.ContentLength is { } size
            ? new Descriptor { MediaType = type, Digest = digest, Size = size }
            : null;
    }

    /// <summary>Reads a manifest or index by tag or digest.</summary>
    /// <param name="reference">The tag or digest.</param>
    /// <param name="expected">What a parent document or the user says about it; null for a tag.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">InvalidArgument: it is not what it should be.</exception>
    internal Task<FetchedDocument> GetAsync(string reference, Descriptor? expected, CancellationToken cancel) => RetryAsync(async () =>
    {
        using var response = await session.SendAsync(HttpMethod.Get, session.Address($"manifests/{reference}"), Accept, cancel).ConfigureAwait(false);
        var content = await ReadAsync(response, reference, cancel).ConfigureAwait(false);
        if (Header(response) is { } said && expected is null && DigestHash.Of(said.Algorithm, content) is var actual && actual != said)
        {
            throw EngineException.Invalid($"manifest verification failed for tag {reference}: expected {said}, got {actual}");
        }

        Check(content, expected, "manifest");
        var type = DocumentKind.Of(content, MediaType(response), expected?.MediaType);
        return new FetchedDocument(new Descriptor { MediaType = type, Digest = expected?.Digest ?? Digest.Of(content), Size = content.Length }, content);
    }, cancel);

    /// <summary>Reads a config or another small blob.</summary>
    /// <exception cref="EngineException">InvalidArgument: it is not what it should be.</exception>
    internal Task<FetchedDocument> GetBlobAsync(Descriptor descriptor, CancellationToken cancel) => RetryAsync(async () =>
    {
        if (descriptor.Size > ContentStore.MaxDocument)
        {
            throw EngineException.Invalid($"config {descriptor.Digest} is larger than {ContentStore.MaxDocument} bytes");
        }

        using var response = await session.SendAsync(HttpMethod.Get, session.Address($"blobs/{descriptor.Digest}"), null, cancel).ConfigureAwait(false);
        var content = await ReadAsync(response, descriptor.Digest.ToString(), cancel).ConfigureAwait(false);
        Check(content, descriptor, "image config");
        return new FetchedDocument(descriptor, content);
    }, cancel);

    private async Task<T> RetryAsync<T>(Func<Task<T>> attempt, CancellationToken cancel)
    {
        var backoff = new Backoff(options, time);
        while (true)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (Exception e) when (e is RegistryException or EngineException or BrokenTransferException)
            {
                // A host that refuses connections is given up at once: the next address may be better, and the user waits.
                if (e is EngineException || !await backoff.WaitAsync(e, null, cancel).ConfigureAwait(false))
                {
                    throw e is BrokenTransferException ? new EngineException(ErrorKind.Unavailable, e.Message, e) : e;
                }
            }
        }
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, string name, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > ContentStore.MaxDocument)
        {
            throw EngineException.Invalid($"{name} is larger than {ContentStore.MaxDocument} bytes");
        }

        using var watch = new StallWatch(options, time, cancel);
        using var whole = new MemoryStream();
        var buffer = new byte[32 << 10];
        try
        {
            using var body = await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
            for (int read; (read = await body.ReadAsync(buffer, watch.Token).ConfigureAwait(false)) > 0;)
            {
                watch.Moved(read);
                whole.Write(buffer, 0, read);
                if (whole.Length > ContentStore.MaxDocument)
                {
                    throw EngineException.Invalid($"{name} is larger than {ContentStore.MaxDocument} bytes");
                }
            }

            return whole.ToArray();
        }
        catch (Exception e) when (TransportFailure.Is(e) || (e is OperationCanceledException && watch.HasStalled))
        {
            throw new BrokenTransferException($"reading {name} from {session.Endpoint.Base.Authority} broke off: {(watch.HasStalled ? "the registry is too slow" : e.Message)}", e);
        }
    }

    private static void Check(byte[] content, Descriptor? expected, string what)
    {
        if (expected is null)
        {
            return;
        }

        var actual = DigestHash.Of(expected.Digest.Algorithm, content);
        if (actual != expected.Digest)
        {
            throw EngineException.Invalid($"{what} verification failed for digest {expected.Digest}: got {actual}");
        }

        if (expected.Size > 0 && expected.Size != content.Length)
        {
            throw EngineException.Invalid($"{what} {expected.Digest} has {content.Length} bytes where {expected.Size} were expected");
        }
    }

    private static void Accept(HttpRequestMessage request)
    {
        foreach (var type in s_accepted)
        {
            request.Headers.TryAddWithoutValidation("Accept", type);
        }
    }

    private static Digest? Header(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.First(), out var digest) ? digest : null;

    private static string MediaType(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType ?? "";
}
