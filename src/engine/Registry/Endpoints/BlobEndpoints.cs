using System.Globalization;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;
using Slipway.Engine.Repositories;
using Slipway.Oci;
using Slipway.Registry.Answers;
using Slipway.Transport;

namespace Slipway.Registry.Endpoints;

/// <summary>Blobs of a repository (distribution-spec, pulling blobs; deleting blobs). Only what the repository has is there, whatever else the store holds.</summary>
internal sealed class BlobEndpoints(SlipwayEngine engine, PullThrough? copies)
{
    private const int CopySize = 128 << 10;

    internal async Task ReadAsync(RegistryCall call)
    {
        var digest = call.Digest();
        var link = await FindAsync(call, digest);
        var absent = link is null && copies?.IsCopy(call.Name) == true ? copies.Describe(call.Name, digest) : null;
        var size = link?.Size ?? absent?.Size ?? throw RegistryFault.BlobUnknown(digest.ToString());
        var headers = call.Response.Headers;
        headers["Docker-Content-Digest"] = digest.ToString();
        headers.ETag = $"\"{digest}\"";
        headers.AcceptRanges = "bytes";
        headers.CacheControl = "private, max-age=31536000";
        if (call.Header("If-None-Match") is { Length: > 0 } known && known.Contains(digest.ToString(), StringComparison.Ordinal))
        {
            call.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        call.Response.ContentType = "application/octet-stream";
        if (HttpMethods.IsHead(call.Request.Method))
        {
            call.Response.ContentLength = size;
            return;
        }

        var (from, length) = Range(call, size);
        if (length == 0)
        {
            return;
        }

        if (absent is null)
        {
            await SendAsync(call, digest, from, length);
            return;
        }

        using var arriving = await copies!.OpenAsync(call.Name, absent, call.Aborted);
        await CopyAsync(call, (memory, at) => arriving.ReadAsync(memory, at, call.Aborted), from, length);
    }

    internal async Task DeleteAsync(RegistryCall call)
    {
        var digest = call.Digest();
        if (!await engine.Repositories.UnlinkAsync(call.Name, digest))
        {
            throw RegistryFault.BlobUnknown(digest.ToString());
        }

        call.Answer(StatusCodes.Status202Accepted);
    }

    // What our own engine asks for it may have without sending it: the store has it already.
    private async Task<BlobLink?> FindAsync(RegistryCall call, Digest digest)
    {
        if (engine.Repositories.FindBlob(call.Name, digest) is { } link)
        {
            return link;
        }

        if (call.Caller.IsEngine && copies?.IsCopy(call.Name) != true && HttpMethods.IsHead(call.Request.Method))
        {
            using var lease = engine.Content.BeginLease();
            lease.Hold(digest.ToString());
            if (engine.Content.Contains(digest))
            {
                await engine.Repositories.LinkAsync(call.Name, digest);
                return engine.Repositories.FindBlob(call.Name, digest);
            }
        }

        return null;
    }

    // One range is served; several at once are answered by the whole, as RFC 9110, 14.2, allows.
    private static (long From, long Length) Range(RegistryCall call, long size)
    {
        var text = call.Header("Range");
        var (from, to) = (0L, size - 1);
        if (text.StartsWith("bytes=", StringComparison.Ordinal) && !text.Contains(',', StringComparison.Ordinal) && Read(text[6..], size) is var (first, last))
        {
            if (first > last || first >= size)
            {
                call.Response.Headers.ContentRange = $"bytes */{size}";
                throw new RegistryFault(416, "RANGE_INVALID", "the range lies outside the blob");
            }

            (from, to) = (first, Math.Min(last, size - 1));
            call.Response.StatusCode = StatusCodes.Status206PartialContent;
            call.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{size}");
        }

        call.Response.ContentLength = to - from + 1;
        return (from, to - from + 1);
    }

    private static (long First, long Last)? Read(string range, long size)
    {
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
        {
            return null;
        }

        var hasFirst = long.TryParse(range.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first);
        var hasLast = long.TryParse(range.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var last);
        return (hasFirst, hasLast) switch
        {
            (true, true) => (first, last),
            (true, false) when range.Length == dash + 1 => (first, long.MaxValue),
            (false, true) when dash == 0 => (last == 0 ? long.MaxValue : Math.Max(0, size - last), long.MaxValue),
            _ => null,
        };
    }

    private async Task SendAsync(RegistryCall call, Digest digest, long from, long length)
    {
        if (call.Http.Features.Get<FileSending>() is { } kernel)
        {
            await kernel.SendAsync(call.Response, engine.Content.Open(digest, FileOptions.Asynchronous), from, length, call.Aborted);
            return;
        }

        using var file = engine.Content.Open(digest);
        await CopyAsync(call, (memory, at) => RandomAccess.ReadAsync(file, memory, at, call.Aborted), from, length);
    }

    private static async Task CopyAsync(RegistryCall call, Func<Memory<byte>, long, ValueTask<int>> read, long from, long length)
    {
        var body = call.Response.BodyWriter;
        for (var sent = 0L; sent < length;)
        {
            var memory = body.GetMemory(CopySize);
            var bytes = await read(memory[..(int)Math.Min(memory.Length, length - sent)], from + sent);
            if (bytes == 0)
            {
                throw new EngineException(ErrorKind.Damaged, "the blob is shorter than it was");
            }

            body.Advance(bytes);
            sent += bytes;
            if ((await body.FlushAsync(call.Aborted)).IsCompleted)
            {
                return;
            }
        }
    }
}
