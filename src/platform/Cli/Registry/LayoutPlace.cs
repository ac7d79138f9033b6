using System.Text.Json;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>An OCI image layout in a directory (image-spec, image-layout.md).</summary>
internal sealed class LayoutPlace(string directory, string tag) : ImagePlace
{
    private string IndexFile => Path.Combine(directory, "index.json");

    public override async Task<Document?> FindAsync(string reference)
    {
        if (Digest.TryParse(reference, out Digest digest))
        {
            byte[]? content = File.Exists(PathOf(digest)) ? await File.ReadAllBytesAsync(PathOf(digest)) : null;
            return content is null ? null : new Document(LayoutIndex.TypeOf(content), content, digest).Checked();
        }

        Descriptor? found = LayoutIndex.Choose(await ReadIndexAsync(), reference.Length > 0 ? reference : tag, exact: reference.Length > 0);
        return found is null ? null : new Document(found.MediaType, await File.ReadAllBytesAsync(PathOf(found.Digest)), found.Digest).Checked();
    }

    public override Task<Stream> OpenAsync(Descriptor blob) => Task.FromResult<Stream>(File.OpenRead(PathOf(blob.Digest)));

    public override Task<bool> HasAsync(Descriptor blob, ImagePlace source) => Task.FromResult(new FileInfo(PathOf(blob.Digest)) is { Exists: true } file && file.Length == blob.Size);

    public override async Task WriteAsync(Descriptor blob, Stream content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(blob.Digest))!);
        string temporary = PathOf(blob.Digest) + ".part";
        await using (FileStream file = File.Create(temporary))
        {
            await content.CopyToAsync(file, 1 << 20);
        }

        File.Move(temporary, PathOf(blob.Digest), overwrite: true);
    }

    public override async Task WriteAsync(Document document, string reference)
    {
        Descriptor descriptor = new() { MediaType = document.MediaType, Digest = document.Digest, Size = document.Content.Length };
        using MemoryStream content = new(document.Content);
        await WriteAsync(descriptor, content);
        await File.WriteAllTextAsync(Path.Combine(directory, ImageLayout.FileName), """{"imageLayoutVersion":"1.0.0"}""");
        bool isDigest = Digest.TryParse(reference, out _);
        if (!isDigest || document.Subject is not null)
        {
            await File.WriteAllBytesAsync(IndexFile, (await ReadIndexAsync()).With(descriptor, isDigest ? "" : reference.Length > 0 ? reference : tag).ToBytes());
        }
    }

    public override async Task<IReadOnlyList<Descriptor>> ReferrersAsync(Digest subject) => await LayoutIndex.ReferrersAsync(await ReadIndexAsync(), subject, this);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Oci.Index> ReadIndexAsync() => File.Exists(IndexFile) ? Oci.Index.Parse(await File.ReadAllBytesAsync(IndexFile)) : new Oci.Index { MediaType = MediaTypes.OciIndex };

    private string PathOf(Digest digest) => Path.Combine(directory, "blobs", digest.Algorithm, digest.Hex);
}

/// <summary>What index.json of a layout says.</summary>
internal static class LayoutIndex
{
    private const string RefName = "org.opencontainers.image.ref.name";
    private const string FullName = "io.containerd.image.name";

    /// <summary>The entry of a name; without a name the only one.</summary>
    public static Descriptor? Choose(Oci.Index index, string name, bool exact)
    {
        Descriptor? named = index.Manifests.FirstOrDefault(entry => name.Length > 0 && (entry.Annotations?.GetValueOrDefault(RefName) == name || entry.Annotations?.GetValueOrDefault(FullName) == name));
        return named ?? (exact || name.Length > 0 ? null : index.Manifests.Count == 1 ? index.Manifests[0] : index.Manifests.Count(IsImage) == 1 ? index.Manifests.First(IsImage) : throw new CommandException($"there are {index.Manifests.Count} images; name one of {string.Join(", ", index.Manifests.Select(entry => entry.Annotations?.GetValueOrDefault(RefName) ?? entry.Digest.ToString()))}"));
    }

    // Signatures are named after what they belong to, and referrers not at all.
    private static bool IsImage(Descriptor entry) => entry.Annotations?.GetValueOrDefault(RefName) is { } name && !name.StartsWith("sha256-", StringComparison.Ordinal) && !name.StartsWith("sha512-", StringComparison.Ordinal);

    /// <summary>Manifests that speak of another: a layout lists them beside its images, without names.</summary>
    public static async Task<IReadOnlyList<Descriptor>> ReferrersAsync(Oci.Index index, Digest subject, ImagePlace place)
    {
        List<Descriptor> found = [];
        foreach (Descriptor entry in index.Manifests.Where(entry => entry.Annotations?.ContainsKey(RefName) != true))
        {
            if (await place.FindAsync(entry.Digest.ToString()) is { } document && document.Subject == subject)
            {
                found.Add(entry);
            }
        }

        return found;
    }

    /// <summary>The media type that a document names, or the one its content has.</summary>
    public static string TypeOf(byte[] content)
    {
        using JsonDocument document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 64 });
        return document.RootElement.TryGetProperty("mediaType", out JsonElement type) && type.GetString() is { Length: > 0 } said ? said
            : document.RootElement.TryGetProperty("manifests", out _) ? MediaTypes.OciIndex : MediaTypes.OciManifest;
    }
}
