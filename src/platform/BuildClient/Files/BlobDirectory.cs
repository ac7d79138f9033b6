using System.Security.Cryptography;
using Slipway.Oci;

namespace Slipway.BuildClient.Files;

/// <summary>A directory with blobs by digest and an index of what they are: an OCI image layout.</summary>
/// <param name="root">The directory; it need not exist.</param>
internal sealed class BlobDirectory(string root)
{
    private const string UsualTag = "latest";

    private string IndexFile => Path.Combine(root, "index.json");

    /// <summary>Where a blob is.</summary>
    internal string PathOf(Digest digest) => Path.Combine(root, "blobs", digest.Algorithm, digest.Hex);

    /// <summary>Bytes of a blob; null when it is not there.</summary>
    internal long? Size(Digest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    /// <summary>What the index has under a tag, the usual one unless another is given.</summary>
    /// <returns>The digest, or null.</returns>
    internal Digest? Find(string? tag)
    {
        var name = tag is { Length: > 0 } ? tag : UsualTag;
        var entries = Read().Manifests;
        var found = entries.FirstOrDefault(entry => entry.Annotations?.GetValueOrDefault(Annotations.RefName) == name || entry.Annotations?.GetValueOrDefault(Annotations.ContainerdImageName) == name)
            ?? (tag is not { Length: > 0 } && entries is [var only] ? only : null);
        return found?.Digest;
    }

    /// <summary>Notes what a manifest or index among the blobs is called.</summary>
    internal void Name(Descriptor target, string? tag)
    {
        Directory.CreateDirectory(root);
        File.WriteAllText(Path.Combine(root, ImageLayout.FileName), """{"imageLayoutVersion":"1.0.0"}""");
        var temporary = IndexFile + ".part";
        File.WriteAllBytes(temporary, Read().With(target, tag is { Length: > 0 } ? tag : UsualTag).ToBytes());
        File.Move(temporary, IndexFile, overwrite: true);
    }

    private Oci.Index Read() => File.Exists(IndexFile) ? Oci.Index.Parse(File.ReadAllBytes(IndexFile)) : new Oci.Index { MediaType = MediaTypes.OciIndex };

    /// <summary>Begins a file that becomes a blob.</summary>
    internal FileStream Begin()
    {
        var place = Directory.CreateDirectory(Path.Combine(root, "ingest"));
        return new FileStream(Path.Combine(place.FullName, Guid.NewGuid().ToString("N")), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }
}

/// <summary>A blob that is being written.</summary>
internal sealed class BlobFile(BlobDirectory directory, Digest expected) : IDisposable
{
    private readonly FileStream _file = directory.Begin();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(expected.Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
    private bool _committed;

    /// <summary>Bytes so far.</summary>
    internal long Length { get; private set; }

    /// <exception cref="InvalidDataException">The piece does not follow the last one.</exception>
    internal void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (offset != Length)
        {
            throw new InvalidDataException($"a piece of {expected} begins at {offset} where {Length} was expected");
        }

        _file.Write(data);
        _hash.AppendData(data);
        Length += data.Length;
    }

    /// <exception cref="InvalidDataException">It is not what its digest says.</exception>
    internal void Commit(long total)
    {
        if ((total > 0 && total != Length) || Convert.ToHexStringLower(_hash.GetHashAndReset()) != expected.Hex)
        {
            throw new InvalidDataException($"what came is not {expected}");
        }

        _file.Dispose();
        Directory.CreateDirectory(Path.GetDirectoryName(directory.PathOf(expected))!);
        File.Move(_file.Name, directory.PathOf(expected), overwrite: true);
        _committed = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (!_committed)
        {
            File.Delete(_file.Name);
        }
    }
}
