using System.Buffers;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Repositories;
using Slipway.Oci;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Endpoints;

/// <summary>Manifests of a repository, by tag or digest (distribution-spec, pulling, pushing and deleting manifests).</summary>
internal sealed class ManifestEndpoints(SlipwayEngine engine, PullThrough? copies)
{
    internal async Task ReadAsync(RegistryCall call)
    {
        if (copies?.IsCopy(call.Name) == true)
        {
            Reference(call.Rest);
            await copies.RefreshAsync(call.Name, call.Rest, call.Aborted);
        }

        var manifest = Find(call) ?? throw RegistryFault.ManifestUnknown(call.Rest);
        call.Response.Headers["Docker-Content-Digest"] = manifest.Digest.ToString();
        call.Response.Headers.ETag = $"\"{manifest.Digest}\"";
        if (call.Header("If-None-Match") is { Length: > 0 } known && known.Contains(manifest.Digest.ToString(), StringComparison.Ordinal))
        {
            call.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        if (HttpMethods.IsHead(call.Request.Method))
        {
            call.Response.ContentType = manifest.MediaType;
            call.Response.ContentLength = manifest.Size;
            return;
        }

        await JsonAnswers.WriteAsync(call.Http, 200, engine.Content.ReadSmall(manifest.Digest), manifest.MediaType);
    }

    internal async Task WriteAsync(RegistryCall call)
    {
        var (tag, digest) = Reference(call.Rest);
        var document = await ReadBodyAsync(call);
        if (digest is { } wanted && DigestHash.Of(wanted.Algorithm, document) is var actual && actual != wanted)
        {
            throw RegistryFault.DigestInvalid($"the manifest's digest is {actual}, not {wanted}");
        }

        var type = (call.Request.ContentType ?? "").Split(';')[0].Trim();
        if (type.Length == 0)
        {
            throw RegistryFault.ManifestInvalid("the manifest's media type is missing: send Content-Type");
        }

        var stored = await engine.PutManifest.RunAsync(call.Name, tag, type, document, digest?.Algorithm ?? "sha256");
        if (stored.Subject is { } subject)
        {
            call.Response.Headers["OCI-Subject"] = subject.ToString();
        }

        call.Response.Headers.Location = $"/v2/{call.Name}/manifests/{stored.Digest}";
        call.Response.Headers["Docker-Content-Digest"] = stored.Digest.ToString();
        call.Answer(StatusCodes.Status201Created);
    }

    internal async Task DeleteAsync(RegistryCall call)
    {
        var (tag, digest) = Reference(call.Rest);
        var gone = digest is { } manifest ? await engine.RemoveManifest.RunAsync(call.Name, manifest) : await engine.RemoveManifest.UntagAsync(call.Name, tag!);
        if (gone is null)
        {
            throw RegistryFault.ManifestUnknown(call.Rest);
        }

        call.Answer(StatusCodes.Status202Accepted);
    }

    private StoredManifest? Find(RegistryCall call)
    {
        var (tag, digest) = Reference(call.Rest);
        var repository = engine.Repositories.Find(call.Name);
        digest ??= repository?.Tag(tag!)?.Digest;
        return digest is { } found ? repository?.Manifest(found) : null;
    }

    private static (string? Tag, Digest? Digest) Reference(string text) =>
        text.Contains(':', StringComparison.Ordinal) ? (null, RegistryCall.ReadDigest(text))
        : RepositoryNames.IsTag(text) ? (text, null)
        : throw new RegistryFault(400, "TAG_INVALID", "the tag is malformed");

    private static async Task<byte[]> ReadBodyAsync(RegistryCall call)
    {
        const int most = ContentStore.MaxDocument;
        var body = call.Request.BodyReader;
        while (call.Request.ContentLength is null or <= most)
        {
            var read = await body.ReadAsync(call.Aborted);
            if (read.Buffer.Length > most)
            {
                break;
            }

            if (read.IsCompleted)
            {
                var document = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return document;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        throw new RegistryFault(413, "SIZE_INVALID", $"a manifest has at most {most} bytes");
    }
}
