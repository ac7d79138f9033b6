using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>
/// Uploads in progress, one file each below <c>uploads/</c>. What was written stays when the connection or the daemon goes away: the file's
/// length is the offset to go on at, and its name says which repository and user it belongs to. Nothing of it is visible before it is whole.
/// </summary>
public sealed class BlobUploads(EnginePaths paths, ContentStore content, RepositoryTable repositories, TimeProvider time, ILogger log) : IDisposable
{
    private const int MostOpen = 1024;
    private static readonly TimeSpan s_life = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, BlobUpload> _open = new(StringComparer.Ordinal);

    /// <summary>Uploads that are held open now.</summary>
    public int Open => _open.Count;

    /// <summary>Bytes that arrived in uploads to a repository that are not whole yet.</summary>
    public long Arrived(string repository) => _open.Values.Where(upload => upload.Repository == repository).Sum(upload => upload.Pending);

    /// <summary>Begins an upload.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="owner">Who may go on with it.</param>
    /// <exception cref="EngineException">Unavailable: too many at once.</exception>
    public BlobUpload Begin(string repository, string owner)
    {
        if (_open.Count >= MostOpen)
        {
            Sweep();
        }

        if (_open.Count >= MostOpen)
        {
            throw new EngineException(ErrorKind.Unavailable, "too many uploads at once");
        }

        Directory.CreateDirectory(paths.Uploads);
        var id = Guid.NewGuid().ToString("N");
        var upload = new BlobUpload(id, repository, FileOf(id, repository, owner), content, time);
        _open[upload.Path] = upload;
        return upload;
    }

    /// <summary>The upload of that id if it belongs to this repository and owner; null otherwise. One of an earlier daemon is taken up again.</summary>
    public BlobUpload? Find(string id, string repository, string owner)
    {
        if (!Guid.TryParseExact(id, "N", out _))
        {
            return null;
        }

        var path = FileOf(id.ToLowerInvariant(), repository, owner);
        return _open.TryGetValue(path, out var upload) ? upload
            : File.Exists(path) ? _open.GetOrAdd(path, _ => new BlobUpload(id, repository, path, content, time))
            : null;
    }

    /// <summary>Ends an upload: the blob gets its name, durably, and its link. The caller holds it.</summary>
    /// <exception cref="EngineException">InvalidArgument: other content than the digest says; the upload is gone then.</exception>
    public async Task CompleteAsync(BlobUpload upload, string repository, Digest digest, CancellationToken cancel)
    {
        using var lease = content.BeginLease();
        try
        {
            var writer = await upload.WriterAsync(cancel).ConfigureAwait(false);
            await writer.CommitAsync(digest).ConfigureAwait(false);
            await repositories.LinkAsync(repository, digest).ConfigureAwait(false);
        }
        finally
        {
            Abandon(upload);
        }
    }

    /// <summary>Gives an upload up.</summary>
    public void Abandon(BlobUpload upload)
    {
        _open.TryRemove(upload.Path, out _);
        upload.Drop();
    }

    /// <summary>Removes uploads that nobody went on with for a day, and closes files that are idle.</summary>
    public void Sweep()
    {
        foreach (var upload in _open.Values.Where(upload => time.GetUtcNow() - upload.Used > s_idle))
        {
            if (upload.TryHold())
            {
                _open.TryRemove(upload.Path, out _);
                upload.Dispose();
            }
        }

        if (!Directory.Exists(paths.Uploads))
        {
            return;
        }

        var oldest = (time.GetUtcNow() - s_life).UtcDateTime;
        foreach (var path in Directory.EnumerateFiles(paths.Uploads).Where(path => !_open.ContainsKey(path)))
        {
            // One that was completed meanwhile has no file any more.
            if (new FileInfo(path) is { Exists: true } file && file.LastWriteTimeUtc < oldest)
            {
                log.LogInformation("upload {Path} of {Size} bytes is given up: nobody went on with it", path, file.Length);
                file.Delete();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var upload in _open.Values)
        {
            upload.Dispose();
        }
    }

    private string FileOf(string id, string repository, string owner) =>
        System.IO.Path.Combine(paths.Uploads, $"{id}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{repository}\n{owner}")).AsSpan(0, 12))}");
}

/// <summary>One upload. Hold it before writing.</summary>
public sealed class BlobUpload : IDisposable
{
    private readonly ContentStore _content;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _busy = new(1, 1);
    private BlobWriter? _writer;
    private bool _ended;

    internal BlobUpload(string id, string repository, string path, ContentStore content, TimeProvider time) =>
        (Id, Repository, Path, _content, _time, Used) = (id, repository, path, content, time, time.GetUtcNow());

    /// <summary>Its name in addresses.</summary>
    public string Id { get; }

    internal string Repository { get; }

    internal string Path { get; }

    internal DateTimeOffset Used { get; private set; }

    /// <summary>Bytes that arrived so far.</summary>
    public long Offset => _writer?.Length ?? (File.Exists(Path) ? new FileInfo(Path).Length : 0);

    internal long Pending => _writer is { IsPublished: true } ? 0 : Offset;

    /// <summary>Takes it for one writer; false when there is one or it has ended.</summary>
    public bool TryHold()
    {
        if (!_busy.Wait(0))
        {
            return false;
        }

        if (_ended)
        {
            _busy.Release();
            return false;
        }

        return true;
    }

    /// <summary>Lets others write.</summary>
    public void Release()
    {
        Used = _time.GetUtcNow();
        _busy.Release();
    }

    /// <summary>The writer; after a restart of the daemon what is there is read once.</summary>
    public async Task<BlobWriter> WriterAsync(CancellationToken cancel)
    {
        if (_writer is null)
        {
            var writer = _content.OpenUpload(Path);
            try
            {
                await Task.Run(() => writer.Recall(cancel), cancel).ConfigureAwait(false);
            }
            catch
            {
                writer.Dispose();
                throw;
            }

            _writer = writer;
        }

        Used = _time.GetUtcNow();
        return _writer;
    }

    /// <summary>Appends what arrived.</summary>
    /// <exception cref="IOException">The disk is full or failing; the upload is of no use then.</exception>
    public static void Write(BlobWriter writer, ReadOnlySpan<byte> data)
    {
        try
        {
            writer.Write(data);
        }
        catch (IOException e) when (ReserveFile.IsNoSpace(e))
        {
            writer.Drop();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _writer?.Dispose();
    }

    internal void Drop()
    {
        _writer?.Drop();
        Dispose();
        File.Delete(Path);
    }
}
