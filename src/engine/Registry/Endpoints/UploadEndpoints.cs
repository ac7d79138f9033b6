using System.Globalization;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Repositories;
using Slipway.Oci;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Endpoints;

/// <summary>Pushing blobs (distribution-spec): at once, in one piece, in several, or mounted from next door.</summary>
internal sealed class UploadEndpoints(SlipwayEngine engine, AccessRules access, RegistryOptions options)
{
    internal async Task BeginAsync(RegistryCall call)
    {
        if (call.Parameter("mount") is { } mount && await MountAsync(call, RegistryCall.ReadDigest(mount)))
        {
            return;
        }

        var digest = call.Parameter("digest") is { } text ? RegistryCall.ReadDigest(text) : (Digest?)null;
        CheckQuota(call, call.Request.ContentLength ?? 0);
        var upload = engine.Uploads.Begin(call.Name, call.Caller.User);
        if (digest is null)
        {
            Locate(call, upload, StatusCodes.Status202Accepted);
            return;
        }

        upload.TryHold();
        try
        {
            await FinishAsync(call, upload, digest.Value);
        }
        finally
        {
            upload.Release();
            engine.Uploads.Abandon(upload);
        }
    }

    internal Task StatusAsync(RegistryCall call)
    {
        Locate(call, Find(call), StatusCodes.Status204NoContent);
        return Task.CompletedTask;
    }

    internal Task AppendAsync(RegistryCall call) => HoldAsync(call, async upload =>
    {
        var writer = await upload.WriterAsync(call.Aborted);
        CheckRange(call, writer);
        await ReceiveAsync(call, upload, writer);
        Locate(call, upload, StatusCodes.Status202Accepted);
    });

    internal Task CompleteAsync(RegistryCall call) => HoldAsync(call, async upload =>
    {
        var digest = RegistryCall.ReadDigest(call.Parameter("digest") ?? throw RegistryFault.DigestInvalid("the digest is missing"));
        CheckRange(call, await upload.WriterAsync(call.Aborted));
        await FinishAsync(call, upload, digest);
    });

    internal Task CancelAsync(RegistryCall call) => HoldAsync(call, upload =>
    {
        engine.Uploads.Abandon(upload);
        call.Answer(StatusCodes.Status204NoContent);
        return Task.CompletedTask;
    });

    // A right to read the source is needed; without it the answer is that of a blob nobody has.
    private async Task<bool> MountAsync(RegistryCall call, Digest digest)
    {
        if (call.Parameter("from") is not { } source || !RepositoryNames.IsName(source) || !access.Allows(call.Caller, source, "pull"))
        {
            return false;
        }

        using var lease = engine.Content.BeginLease();
        lease.Hold(digest.ToString());
        if (engine.Repositories.FindBlob(source, digest) is not { } link)
        {
            return false;
        }

        CheckQuota(call, link.Size);
        await engine.Repositories.LinkAsync(call.Name, digest);
        Created(call, digest);
        return true;
    }

    private async Task FinishAsync(RegistryCall call, BlobUpload upload, Digest digest)
    {
        await ReceiveAsync(call, upload, await upload.WriterAsync(call.Aborted));
        try
        {
            await engine.Uploads.CompleteAsync(upload, call.Name, digest, call.Aborted);
        }
        catch (EngineException e) when (e.Kind == ErrorKind.InvalidArgument)
        {
            throw RegistryFault.DigestInvalid(e.Message);
        }

        Created(call, digest);
    }

    // What the quota does not allow is not written, however it arrives; an upload that went beyond it is given up.
    private async Task ReceiveAsync(RegistryCall call, BlobUpload upload, BlobWriter writer)
    {
        var body = call.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(call.Aborted);
            try
            {
                if (read.Buffer.Length > Room(call.Name))
                {
                    engine.Uploads.Abandon(upload);
                    throw QuotaExhausted(call.Name);
                }

                foreach (var piece in read.Buffer)
                {
                    BlobUpload.Write(writer, piece.Span);
                }
            }
            finally
            {
                // A failure is told only on a connection whose requests are read.
                body.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task HoldAsync(RegistryCall call, Func<BlobUpload, Task> work)
    {
        var upload = Find(call);
        if (!upload.TryHold())
        {
            throw RegistryFault.Range("somebody else is writing to this upload");
        }

        try
        {
            await work(upload);
        }
        finally
        {
            upload.Release();
        }
    }

    private BlobUpload Find(RegistryCall call) => engine.Uploads.Find(call.Rest, call.Name, call.Caller.User) ?? throw RegistryFault.UploadUnknown();

    // Content-Range of a chunk is "first-last", without the unit (distribution-spec, pushing a blob in chunks).
    private static void CheckRange(RegistryCall call, BlobWriter writer)
    {
        var text = call.Header("Content-Range");
        if (text.Length == 0)
        {
            return;
        }

        text = text.StartsWith("bytes ", StringComparison.Ordinal) ? text[6..].Split('/')[0] : text;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 1 || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first) || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var last))
        {
            throw RegistryFault.UploadInvalid("Content-Range is not first-last");
        }

        if (first != writer.Length || last < first - 1 || (call.Request.ContentLength is { } length && length != last - first + 1))
        {
            call.Response.Headers.Range = RangeOf(writer.Length);
            throw RegistryFault.Range(string.Create(CultureInfo.InvariantCulture, $"the upload goes on at byte {writer.Length}"));
        }
    }

    private void CheckQuota(RegistryCall call, long more)
    {
        if (more > Room(call.Name))
        {
            throw QuotaExhausted(call.Name);
        }
    }

    private long Quota(string name) => engine.Repositories.Find(name) is { Record.Quota: > 0 } own ? own.Record.Quota : options.Quota;

    private long Room(string name) => Quota(name) is > 0 and var quota ? quota - (engine.Repositories.Find(name)?.Size ?? 0) - engine.Uploads.Arrived(name) : long.MaxValue;

    private RegistryFault QuotaExhausted(string name) => new(403, "DENIED", string.Create(CultureInfo.InvariantCulture, $"the repository's quota of {Quota(name)} bytes is exhausted"));

    private static void Locate(RegistryCall call, BlobUpload upload, int status)
    {
        call.Response.Headers.Location = $"/v2/{call.Name}/blobs/uploads/{upload.Id}";
        call.Response.Headers.Range = RangeOf(upload.Offset);
        call.Response.Headers["Docker-Upload-UUID"] = upload.Id;
        call.Answer(status);
    }

    private static void Created(RegistryCall call, Digest digest)
    {
        call.Response.Headers.Location = $"/v2/{call.Name}/blobs/{digest}";
        call.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        call.Answer(StatusCodes.Status201Created);
    }

    private static string RangeOf(long length) => string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, length - 1)}");
}
