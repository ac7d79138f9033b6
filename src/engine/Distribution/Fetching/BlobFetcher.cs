using System.Net;
using System.Net.Http.Headers;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>Fetches one blob into its writer: goes on where it stopped when the connection breaks, and never takes more than was announced.</summary>
internal sealed class BlobFetcher(RegistrySession session, DistributionOptions options, TimeProvider time)
{
    private const int BufferSize = 256 << 10;

    /// <summary>Fetches what the writer does not have yet.</summary>
    /// <param name="blob">Digest and size.</param>
    /// <param name="writer">May hold a beginning.</param>
    /// <param name="progress">Told of the bytes that are there.</param>
    /// <param name="pausing">Told, in seconds, of a pause before another attempt.</param>
    /// <param name="cancel">Stops it; what is there stays.</param>
    /// <exception cref="EngineException">InvalidArgument: the content is wrong; Unavailable: it did not work after all attempts.</exception>
    /// <exception cref="RegistryException">The registry refused.</exception>
    internal async Task RunAsync(Descriptor blob, BlobWriter writer, Action<long> progress, Action<int> pausing, CancellationToken cancel)
    {
        var backoff = new Backoff(options, time);
        while (writer.Length < blob.Size || (blob.Size == 0 && writer.Length == 0))
        {
            var before = writer.Length;
            try
            {
                await AttemptAsync(blob, writer, progress, cancel).ConfigureAwait(false);
                if (blob.Size == 0)
                {
                    return;
                }
            }
            catch (Exception e) when (e is RegistryException or EngineException or BrokenTransferException)
            {
                if (writer.Length > before)
                {
                    backoff.Progressed();
                }

                if (!await backoff.WaitAsync(e, pausing, cancel).ConfigureAwait(false))
                {
                    throw e is BrokenTransferException ? new EngineException(ErrorKind.Unavailable, e.Message, e) : e;
                }
            }
        }
    }

    private async Task AttemptAsync(Descriptor blob, BlobWriter writer, Action<long> progress, CancellationToken cancel)
    {
        var from = writer.Length;
        using var response = await session.SendAsync(
            HttpMethod.Get, session.Address($"blobs/{blob.Digest}"), request => request.Headers.Range = from > 0 ? new RangeHeaderValue(from, null) : null, cancel).ConfigureAwait(false);
        var skip = Skip(response, from);
        if (response.Content.Headers.ContentLength is { } length && length != blob.Size - from + skip)
        {
            throw EngineException.Invalid($"blob {blob.Digest} has {length + from - skip} bytes where {blob.Size} were expected");
        }

        using var watch = new StallWatch(options, time, cancel);
        try
        {
            using var body = await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
            await CopyAsync(body, skip, blob, writer, watch, progress).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or System.Net.Sockets.SocketException || (e is IOException { InnerException: System.Net.Sockets.SocketException })
            || (e is OperationCanceledException && watch.HasStalled))
        {
            throw new BrokenTransferException(
                $"fetching blob {blob.Digest} from {session.Endpoint.Base.Authority} broke off at {writer.Length} of {blob.Size} bytes: {(watch.HasStalled ? "the registry is too slow" : e.Message)}", e);
        }
    }

    // A registry without ranges sends everything again; what is there already is passed over.
    private static long Skip(HttpResponseMessage response, long from)
    {
        if (response.StatusCode != HttpStatusCode.PartialContent)
        {
            return from;
        }

        return response.Content.Headers.ContentRange?.From is { } start && start == from
            ? 0
            : throw new BrokenTransferException("the registry sent another range than it was asked for");
    }

    private static async Task CopyAsync(Stream body, long skip, Descriptor blob, BlobWriter writer, StallWatch watch, Action<long> progress)
    {
        var buffer = new byte[BufferSize];
        for (int read; (read = await body.ReadAsync(buffer, watch.Token).ConfigureAwait(false)) > 0;)
        {
            watch.Moved(read);
            var part = buffer.AsMemory(0, read);
            var passed = (int)Math.Min(skip, read);
            (skip, part) = (skip - passed, part[passed..]);
            if (writer.Length + part.Length > blob.Size)
            {
                throw EngineException.Invalid($"blob {blob.Digest} has more than the {blob.Size} bytes that were expected");
            }

            if (part.Length > 0)
            {
                writer.Write(part.Span);
                progress(writer.Length);
            }
        }

        if (writer.Length < blob.Size)
        {
            throw new BrokenTransferException($"blob {blob.Digest} has {writer.Length} bytes where {blob.Size} were expected");
        }
    }
}
