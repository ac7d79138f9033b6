using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Cli.Output;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>What somebody signed about an image.</summary>
/// <param name="Signed">The bytes under the signature.</param>
/// <param name="Signature">ECDSA in DER (RFC 3279).</param>
/// <param name="Subject">The digest that it speaks of.</param>
/// <param name="Annotations">What it says further.</param>
internal sealed record CosignSignature(byte[] Signed, byte[] Signature, string Subject, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// Finds cosign's signatures of an image: below the tag <c>sha256-HEX.sig</c>, among its referrers in the same form (simple signing), and
/// among its referrers as bundles (DSSE envelopes with an in-toto statement).
/// </summary>
internal sealed class CosignSignatures(ImagePlace place)
{
    private const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string SimpleSigningKind = "cosign container image signature";
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private const string BundlePrefix = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private const string StatementType = "application/vnd.in-toto+json";
    private const string StatementKind = "https://sigstore.dev/cosign/sign/v1";
    private const int MostBytes = 1 << 20;
    private const int Most = 100;

    /// <summary>All that can be found, well-formed or not judged yet: nothing is verified here but digests.</summary>
    public async Task<IReadOnlyList<CosignSignature>> FindAsync(Digest image)
    {
        List<Document> documents = [];
        if (await place.FindAsync($"{image.Algorithm}-{image.Hex}.sig") is { } tagged)
        {
            documents.Add(tagged);
        }

        foreach (Descriptor referrer in (await place.ReferrersAsync(image)).Take(Most))
        {
            if (await place.FindAsync(referrer.Digest.ToString()) is { } found)
            {
                documents.Add(found);
            }
        }

        List<CosignSignature> signatures = [];
        foreach (Descriptor layer in documents.Where(document => !MediaTypes.IsIndex(document.MediaType)).SelectMany(document => Manifest.Parse(document.Content).Layers).Take(Most))
        {
            if (layer.MediaType is SimpleSigning or BundlePrefix && layer.Size <= MostBytes)
            {
                byte[] content = await ReadAsync(layer);
                CosignSignature? signature = layer.MediaType == SimpleSigning ? OfPayload(content, layer.Annotations?.GetValueOrDefault(SignatureAnnotation)) : OfBundle(content);
                signatures.AddRange(signature is null ? [] : [signature]);
            }
        }

        return signatures;
    }

    /// <summary>A payload of simple signing and its signature; null when it is something else.</summary>
    internal static CosignSignature? OfPayload(byte[] payload, string? signature)
    {
        JsonNode? root = Read(payload);
        JsonObject? critical = root.Object("critical");
        return critical.Text("type") == SimpleSigningKind && Decode(signature) is { } bytes
            ? new CosignSignature(payload, bytes, critical.Object("image").Text("docker-manifest-digest"), root.Map("optional").ToDictionary())
            : null;
    }

    /// <summary>A bundle whose envelope holds a statement that an image is signed; null when it is something else, such as an attestation.</summary>
    internal static CosignSignature? OfBundle(byte[] bundle)
    {
        JsonObject? envelope = Read(bundle).Object("dsseEnvelope");
        if (envelope.Text("payloadType") != StatementType || Decode(envelope.Text("payload")) is not { } payload || envelope.List("signatures").FirstOrDefault() is not { } first || Decode(first.Text("sig")) is not { } signature)
        {
            return null;
        }

        JsonNode? statement = Read(payload);
        JsonNode? subject = statement.List("subject").FirstOrDefault();
        return statement.Text("predicateType") == StatementKind && subject.Object("digest") is { } digests
            ? new CosignSignature(Encode(payload), signature, digests.Text("sha256") is { Length: > 0 } hex ? "sha256:" + hex : "sha512:" + digests.Text("sha512"), subject.Map("annotations").ToDictionary())
            : null;
    }

    // DSSE, protocol: what is signed is the payload with its type and both lengths before it.
    private static byte[] Encode(byte[] payload) => [.. Encoding.UTF8.GetBytes($"DSSEv1 {StatementType.Length} {StatementType} {payload.Length} "), .. payload];

    private async Task<byte[]> ReadAsync(Descriptor blob)
    {
        await using Stream stream = await place.OpenAsync(blob);
        byte[] content = new byte[blob.Size + 1];
        int length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false);
        Array.Resize(ref content, length);
        return Hashes.Of(blob.Digest.Algorithm, content) == blob.Digest ? content : throw new CommandException($"blob {blob.Digest} does not match its digest");
    }

    private static JsonNode? Read(byte[] json)
    {
        try
        {
            return JsonNode.Parse(json, null, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? Decode(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
