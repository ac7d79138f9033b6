using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Content;

/// <summary>
/// Blobs by digest in an OCI image layout (image-spec, image-layout.md). A blob is written to the staging directory, hashed on the way,
/// flushed and renamed, so that what has its final name is whole. Existing blobs are never changed in place.
/// </summary>
public sealed class ContentStore
{
    /// <summary>The largest manifest, index or config that is read (the bound of Docker's and containerd's).</summary>
    public const int MaxDocument = 4 << 20;

    private const string PartialPrefix = "partial-";

    private readonly EnginePaths _paths;
    private readonly HashSet<string> _partials = [];
    private long _staged;

    /// <summary>Opens the store, creating its directories. Reads nothing else.</summary>
    public ContentStore(EnginePaths paths)
    {
        _paths = paths;
        Directory.CreateDirectory(Path.Combine(paths.Content, "blobs", "sha256"));
        Directory.CreateDirectory(Path.Combine(paths.Content, "blobs", "sha512"));
        var layout = Path.Combine(paths.Content, ImageLayout.FileName);
        if (!File.Exists(layout))
        {
            DurableFile.WriteAllBytes(layout, """{"imageLayoutVersion":"1.0.0"}"""u8);
        }
    }

    /// <summary>What keeps garbage collection off objects in use.</summary>
    public LeaseTable Leases { get; } = new();

    /// <summary>Opens a lease, see <see cref="LeaseTable"/>.</summary>
    public Lease BeginLease() => Leases.Begin();

    /// <summary>Whether a blob is there.</summary>
    public bool Contains(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>Bytes of a blob.</summary>
    /// <exception cref="EngineException">NotFound.</exception>
    public long Size(Digest digest)
    {
        var file = new FileInfo(PathOf(digest));
        return file.Exists ? file.Length : throw Missing(digest);
    }

    /// <summary>Opens a blob for reading.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="options">How it is going to be read.</param>
    /// <exception cref="EngineException">NotFound, or Damaged when it cannot be read.</exception>
    public SafeFileHandle Open(Digest digest, FileOptions options = FileOptions.SequentialScan)
    {
        try
        {
            return File.OpenHandle(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(ErrorKind.Damaged, $"blob {digest} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Opens a blob as a stream with large reads.</summary>
    /// <exception cref="EngineException">NotFound, or Damaged when it cannot be read.</exception>
    public Stream OpenRead(Digest digest) => new FileStream(Open(digest), FileAccess.Read, bufferSize: 0);

    /// <summary>A whole small blob, checked against its digest.</summary>
    /// <exception cref="EngineException">NotFound; Damaged when it is larger than allowed or does not match its digest.</exception>
    public byte[] ReadSmall(Digest digest, int maxBytes = MaxDocument)
    {
        using var file = Open(digest);
        var length = RandomAccess.GetLength(file);
        if (length > maxBytes)
        {
            throw new EngineException(ErrorKind.Damaged, $"blob {digest} is larger than {maxBytes} bytes");
        }

        var data = new byte[length];
        var read = RandomAccess.Read(file, data, 0);
        if (read != length || DigestHash.Of(digest.Algorithm, data) != digest)
        {
            throw Mismatch(digest);
        }

        return data;
    }

    /// <summary>Begins a blob. Dispose without commit drops it.</summary>
    public BlobWriter BeginWrite() =>
        new(this, Path.Combine(_paths.Staging, string.Create(CultureInfo.InvariantCulture, $"blob-{Environment.ProcessId}-{Interlocked.Increment(ref _staged)}")));

    /// <summary>
    /// Begins or continues a blob whose digest is known and that may take more than one attempt, even more than one run of the daemon: what
    /// was written stays in the staging directory until the blob is whole, or <see cref="BlobWriter.Drop"/> or <see cref="DropPartials"/>
    /// gives it up. One writer at a time. Call <see cref="BlobWriter.Recall"/> before writing.
    /// </summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="owner">Tells apart those who must not share what they have of it: hexadecimal, or empty.</param>
    /// <exception cref="EngineException">Conflict: somebody else writes it.</exception>
    public BlobWriter BeginPartial(Digest digest, string owner = "")
    {
        var path = Path.Combine(_paths.Staging, $"{PartialPrefix}{digest.Algorithm}-{digest.Hex}{(owner.Length > 0 ? "-" + owner : "")}");
        lock (_partials)
        {
            return _partials.Add(path) ? new BlobWriter(this, path, resume: true, digest.Algorithm) : throw EngineException.Conflict($"blob {digest} is being written");
        }
    }

    /// <summary>
    /// Begins or continues a blob whose digest comes at its end, in a file of the caller's on the data root's file system. What was written
    /// stays until <see cref="BlobWriter.Drop"/>. Call <see cref="BlobWriter.Recall"/> before writing.
    /// </summary>
    public BlobWriter OpenUpload(string path) => new(this, path, resume: true);

    /// <summary>Whether a file of the staging directory is a beginning that is worth keeping.</summary>
    public static bool IsPartial(string path) => Path.GetFileName(path).StartsWith(PartialPrefix, StringComparison.Ordinal);

    /// <summary>Deletes beginnings of blobs that nobody writes and nobody has written since <paramref name="before"/>.</summary>
    /// <returns>Bytes freed.</returns>
    public long DropPartials(DateTimeOffset before)
    {
        var freed = 0L;
        lock (_partials)
        {
            foreach (var file in new DirectoryInfo(_paths.Staging).EnumerateFiles(PartialPrefix + "*").Where(f => f.LastWriteTimeUtc <= before.UtcDateTime && !_partials.Contains(f.FullName)))
            {
                freed += file.Length;
                file.Delete();
            }
        }

        return freed;
    }

    /// <summary>Stores a small document durably.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="algorithm">Of its digest.</param>
    public Descriptor Put(ReadOnlySpan<byte> content, string mediaType, string algorithm = "sha256")
    {
        var digest = DigestHash.Of(algorithm, content);
        Leases.Touch(digest.ToString());
        var path = PathOf(digest);
        if (!IsIntact(path, content))
        {
            DurableFile.WriteAllBytes(path, content);
        }

        return new Descriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }

    /// <summary>Gives complete blobs their final names; they are flushed already. One flush of the directory for all.</summary>
    internal void Publish(IReadOnlyCollection<BlobWriter> blobs)
    {
        foreach (var blob in blobs)
        {
            blob.Publish();
        }

        foreach (var directory in blobs.Select(blob => Path.GetDirectoryName(PathOf(blob.Digest))!).Distinct())
        {
            DurableFile.SyncDirectory(directory);
        }
    }

    /// <summary>Deletes a blob; nothing happens when there is none.</summary>
    public void Delete(Digest digest) => File.Delete(PathOf(digest));

    /// <summary>Takes a damaged blob's file away, so that the blob counts as missing. End it with <see cref="EndSetAside"/>.</summary>
    public void SetAside(Digest digest)
    {
        if (Contains(digest))
        {
            File.Move(PathOf(digest), AsidePath(digest), overwrite: true);
        }
    }

    /// <summary>Brings back a file that was set aside, unless the blob came anew.</summary>
    public void EndSetAside(Digest digest)
    {
        if (Contains(digest))
        {
            File.Delete(AsidePath(digest));
        }
        else if (File.Exists(AsidePath(digest)))
        {
            File.Move(AsidePath(digest), PathOf(digest));
        }
    }

    /// <summary>Every blob, by listing the directory; for garbage collection and checks.</summary>
    public IEnumerable<Digest> List()
    {
        foreach (var algorithm in Directory.EnumerateDirectories(Path.Combine(_paths.Content, "blobs")))
        {
            foreach (var file in Directory.EnumerateFiles(algorithm))
            {
                if (Digest.TryParse($"{Path.GetFileName(algorithm)}:{Path.GetFileName(file)}", out var digest))
                {
                    yield return digest;
                }
            }
        }
    }

    /// <summary>Reads a whole blob and compares it with its digest.</summary>
    /// <exception cref="EngineException">NotFound, Damaged.</exception>
    public void Verify(Digest digest, CancellationToken cancel = default)
    {
        using var hash = new DigestHash(digest.Algorithm);
        using var stream = OpenRead(digest);
        var buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            hash.Append(buffer.AsSpan(0, read));
        }

        if (hash.Finish() != digest)
        {
            throw Mismatch(digest);
        }
    }

    internal void Forget(string path)
    {
        lock (_partials)
        {
            _partials.Remove(path);
        }
    }

    /// <summary>Host path of a blob; a digest is only hex, so nothing outside can be named.</summary>
    internal string PathOf(Digest digest) => Path.Combine(_paths.Content, "blobs", digest.Algorithm, digest.Hex);

    internal string Root => _paths.Content;

    // In staging, which the next start empties should this one end too early.
    private string AsidePath(Digest digest) => Path.Combine(_paths.Staging, "aside-" + digest.Hex);

    internal static EngineException Mismatch(Digest digest) => new(ErrorKind.Damaged, $"blob {digest} is damaged: its content does not match its digest");

    private static EngineException Missing(Digest digest) => EngineException.NotFound($"blob {digest} not found");

    private static bool IsIntact(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file && file.Length == content.Length && content.SequenceEqual(File.ReadAllBytes(path));
        }
        catch (IOException)
        {
            return false;
        }
    }
}
