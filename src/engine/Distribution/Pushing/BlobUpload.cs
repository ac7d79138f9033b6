using System.Net;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Pushing;

/// <summary>Brings one blob to a repository (distribution-spec, pushing blobs): mounted if another repository has it, else sent whole or in pieces.</summary>
internal sealed class BlobUpload(RegistrySession session, DistributionOptions options, TimeProvider time)
{
    private const long PieceSize = 32 << 20;

    /// <summary>Whether the repository has the blob.</summary>
    internal async Task<bool> ExistsAsync(Digest digest, CancellationToken cancel)
    {
        using var response = await session.SendAsync(HttpMethod.Head, session.Address($"blobs/{digest}"), null, cancel, HttpStatusCode.NotFound).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Asks the registry to take the blob from another of its repositories.</summary>
    internal async Task<bool> MountAsync(Digest digest, string from, CancellationToken cancel)
    {
        using var response = await session.SendAsync(
            HttpMethod.Post, session.Address($"blobs/uploads/?mount={digest}&from={Uri.EscapeDataString(from)}"), Empty, cancel,
            HttpStatusCode.NotFound, HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized, HttpStatusCode.MethodNotAllowed, HttpStatusCode.BadRequest).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Accepted && Location(response) is { } upload)
        {
            await AbandonAsync(upload, cancel).ConfigureAwait(false);
        }

        return response.StatusCode == HttpStatusCode.Created;
    }

    /// <summary>Sends the blob; again from its beginning when the connection breaks.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="size">Its size.</param>
    /// <param name="open">Opens its content, seekable.</param>
    /// <param name="progress">Told of the bytes sent.</param>
    /// <param name="cancel">Stops it.</param>
    internal async Task SendAsync(Digest digest, long size, Func<Stream> open, Action<long> progress, CancellationToken cancel)
    {
        var backoff = new Backoff(options, time);
        for (var pieces = false; ;)
        {
            try
            {
                await AttemptAsync(digest, size, open, pieces, progress, cancel).ConfigureAwait(false);
                return;
            }
            catch (RegistryException e) when (e.Status == (int)HttpStatusCode.RequestEntityTooLarge && !pieces)
            {
                // Something in between does not let large bodies through.
                pieces = true;
            }
            catch (Exception e) when (e is RegistryException or EngineException or BrokenTransferException)
            {
                if (!await backoff.WaitAsync(e, null, cancel).ConfigureAwait(false))
                {
                    throw e is BrokenTransferException ? new EngineException(ErrorKind.Unavailable, e.Message, e) : e;
                }
            }
        }
    }

    private async Task AttemptAsync(Digest digest, long size, Func<Stream> open, bool pieces, Action<long> progress, CancellationToken cancel)
    {
        using var watch = new StallWatch(options, time, cancel);
        try
        {
            Uri upload;
            using (var begun = await session.SendAsync(HttpMethod.Post, session.Address("blobs/uploads/"), Empty, cancel).ConfigureAwait(false))
            {
                upload = Location(begun) ?? throw new EngineException(ErrorKind.Unavailable, "the registry begins no upload: it names no location");
            }

            var sent = 0L;
            for (; pieces && sent < size; sent += Math.Min(PieceSize, size - sent))
            {
                upload = await PieceAsync(upload, open, sent, Math.Min(PieceSize, size - sent), watch, progress).ConfigureAwait(false);
            }

            var last = new UriBuilder(upload);
            last.Query = $"{(last.Query.Length > 1 ? last.Query[1..] + "&" : "")}digest={Uri.EscapeDataString(digest.ToString())}";
            using var done = await session.SendAsync(HttpMethod.Put, last.Uri, request => request.Content = new BlobContent(open, sent, size - sent, watch, progress), watch.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (watch.HasStalled)
        {
            throw new BrokenTransferException($"sending blob {digest} to {session.Endpoint.Base.Authority} broke off: the registry is too slow", e);
        }
    }

    private async Task<Uri> PieceAsync(Uri upload, Func<Stream> open, long from, long length, StallWatch watch, Action<long> progress)
    {
        using var response = await session.SendAsync(
            HttpMethod.Patch,
            upload,
            request =>
            {
                request.Content = new BlobContent(open, from, length, watch, progress);
                request.Content.Headers.TryAddWithoutValidation("Content-Range", $"{from}-{from + length - 1}");
            },
            watch.Token).ConfigureAwait(false);
        return Location(response) ?? upload;
    }

    private async Task AbandonAsync(Uri upload, CancellationToken cancel)
    {
        try
        {
            using var response = await session.SendAsync(HttpMethod.Delete, upload, null, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RegistryException or EngineException)
        {
            // It expires by itself.
        }
    }

    private static void Empty(HttpRequestMessage request) => request.Content = new ByteArrayContent([]);

    private Uri? Location(HttpResponseMessage response) =>
        response.Headers.Location is { } location ? session.Check(session.Endpoint.Base, new Uri(response.RequestMessage!.RequestUri!, location)) : null;
}
