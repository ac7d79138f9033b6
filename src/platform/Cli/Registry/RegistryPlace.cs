using System.Net.Http.Headers;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>A repository of a registry.</summary>
internal sealed class RegistryPlace(RegistryConnection registry, string repository, string reference) : ImagePlace
{
    private const int MostBytes = 4 << 20;

    private static readonly string s_types = string.Join(", ", MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest);

    private string Pull => $"repository:{repository}:pull";

    private string Push => $"repository:{repository}:pull,push";

    public override async Task<Document?> FindAsync(string wanted)
    {
        using HttpResponseMessage? answer = await registry.SendAsync(
            HttpMethod.Get, $"/v2/{repository}/manifests/{(wanted.Length > 0 ? wanted : reference)}", Pull, request => request.Headers.TryAddWithoutValidation("Accept", s_types));
        if (answer is null)
        {
            return null;
        }

        await using Stream body = await answer.Content.ReadAsStreamAsync();
        string type = answer.Content.Headers.ContentType?.MediaType ?? "";
        byte[] content = await ReadAsync(body);
        return Digest.TryParse(wanted.Length > 0 ? wanted : reference, out Digest digest) ? new Document(type, content, digest).Checked() : new Document(type, content);
    }

    public override async Task<Stream> OpenAsync(Descriptor blob)
    {
        HttpResponseMessage answer = await registry.SendAsync(HttpMethod.Get, $"/v2/{repository}/blobs/{blob.Digest}", Pull) ?? throw new CommandException($"blob {blob.Digest} is not there");
        return await answer.Content.ReadAsStreamAsync();
    }

    public override async Task<bool> HasAsync(Descriptor blob, ImagePlace source)
    {
        using HttpResponseMessage? there = await registry.SendAsync(HttpMethod.Head, $"/v2/{repository}/blobs/{blob.Digest}", Push);
        if (there is not null)
        {
            return true;
        }

        // The same registry: it can take the blob from next door.
        if (source is not RegistryPlace other || other.Registry != registry)
        {
            return false;
        }

        using HttpResponseMessage? mounted = await registry.SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/?mount={blob.Digest}&from={Uri.EscapeDataString(other.Repository)}", Push, Empty);
        return mounted?.StatusCode == System.Net.HttpStatusCode.Created;
    }

    public override async Task WriteAsync(Descriptor blob, Stream content)
    {
        using HttpResponseMessage? begun = await registry.SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/", Push, Empty);
        Uri location = begun?.Headers.Location ?? throw new CommandException("the registry begins no upload");
        Uri target = location.IsAbsoluteUri ? location : new Uri(begun.RequestMessage!.RequestUri!, location);
        string address = $"{target}{(target.Query.Length > 0 ? '&' : '?')}digest={Uri.EscapeDataString(blob.Digest.ToString())}";
        using HttpResponseMessage? done = await registry.SendAsync(HttpMethod.Put, address, Push, request =>
        {
            request.Content = new StreamContent(content);
            request.Content.Headers.ContentLength = blob.Size;
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        });
    }

    public override async Task WriteAsync(Document document, string wanted)
    {
        using HttpResponseMessage? done = await registry.SendAsync(HttpMethod.Put, $"/v2/{repository}/manifests/{(wanted.Length > 0 ? wanted : reference)}", Push, request =>
        {
            request.Content = new ByteArrayContent(document.Content);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", document.MediaType);
        });
        if (document.Subject is { } subject && done?.Headers.Contains("OCI-Subject") == false)
        {
            await ListAsync(subject, document);
        }
    }

    // A registry that knows nothing of referrers keeps their list under a tag (distribution-spec, referrers tag schema).
    private async Task ListAsync(Digest subject, Document document)
    {
        string tag = TagOf(subject);
        Oci.Index index = await FindAsync(tag) is { } known && MediaTypes.IsIndex(known.MediaType) ? Oci.Index.Parse(known.Content) : new Oci.Index { MediaType = MediaTypes.OciIndex };
        if (index.Manifests.All(entry => entry.Digest != document.Digest))
        {
            Manifest? manifest = MediaTypes.IsIndex(document.MediaType) ? null : Manifest.Parse(document.Content);
            Descriptor entry = new()
            {
                MediaType = document.MediaType, Digest = document.Digest, Size = document.Content.Length,
                ArtifactType = manifest?.ArtifactType is { Length: > 0 } type ? type : manifest?.Config.MediaType, Annotations = manifest?.Annotations,
            };
            await WriteAsync(new Document(MediaTypes.OciIndex, (index with { Manifests = [.. index.Manifests, entry] }).ToBytes()), tag);
        }
    }

    private static string TagOf(Digest subject) => $"{subject.Algorithm}-{subject.Hex}";

    public override async Task<IReadOnlyList<Descriptor>> ReferrersAsync(Digest subject)
    {
        using HttpResponseMessage? answer = await registry.SendAsync(HttpMethod.Get, $"/v2/{repository}/referrers/{subject}", Pull);
        if (answer is null)
        {
            return await FindAsync(TagOf(subject)) is { } listed && MediaTypes.IsIndex(listed.MediaType) ? Oci.Index.Parse(listed.Content).Manifests : [];
        }

        await using Stream body = await answer.Content.ReadAsStreamAsync();
        return Oci.Index.Parse(await ReadAsync(body)).Manifests;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private RegistryConnection Registry => registry;

    private string Repository => repository;

    private static void Empty(HttpRequestMessage request) => request.Content = new ByteArrayContent([]);

    private static async Task<byte[]> ReadAsync(Stream body)
    {
        byte[] content = new byte[MostBytes + 1];
        int length = await body.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false);
        return length <= MostBytes ? content[..length] : throw new CommandException($"a manifest has more than {MostBytes} bytes");
    }
}
