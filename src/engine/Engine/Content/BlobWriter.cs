using Microsoft.Win32.SafeHandles;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Content;

/// <summary>
/// A blob being written: hashed while it goes to the staging directory. Others may read behind the writer (<see cref="OpenTail"/>), so that
/// a layer is unpacked while it still arrives: the page cache is the buffer between the two. One writer; not for concurrent writes.
/// </summary>
public sealed class BlobWriter : IDisposable
{
    // Written to the device in pieces of this size while more arrives.
    private const int WritebackStep = 8 << 20;

    private readonly ContentStore _store;
    private readonly string _path;
    private readonly DigestHash _hash;
    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _grown = new(false, spinCount: 10);
    private long _length;
    private long _writtenBack;
    private bool _complete;
    private bool _failed;
    private bool _moved;
    private bool _keep;

    internal BlobWriter(ContentStore store, string path, bool resume = false, string algorithm = "sha256")
    {
        _store = store;
        _hash = new DigestHash(algorithm);
        _path = path;
        _keep = resume;
        _file = File.OpenHandle(path, resume ? FileMode.OpenOrCreate : FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>The digest of the whole; only after <see cref="Complete"/>.</summary>
    public Digest Digest { get; private set; }

    /// <summary>Whether the blob has its final name.</summary>
    public bool IsPublished => _moved;

    /// <summary>Takes up what an earlier writer of the same blob left: hashes it, and appends from there. Reads the file, so it takes a while.</summary>
    public void Recall(CancellationToken cancel)
    {
        var buffer = new byte[1 << 20];
        for (int read; (read = RandomAccess.Read(_file, buffer, _length)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            _hash.Append(buffer.AsSpan(0, read));
            lock (_lock)
            {
                _length += read;
                _grown.Set();
            }
        }
    }

    /// <summary>Gives up what was written so far: nothing is kept for a later writer.</summary>
    public void Drop() => _keep = false;

    /// <summary>Appends content.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        RandomAccess.Write(_file, data, _length);
        lock (_lock)
        {
            _length += data.Length;
            _grown.Set();
        }

        _hash.Append(data);
        if (_length - _writtenBack >= WritebackStep)
        {
            DurableFile.BeginWriteback(_file, _writtenBack, _length - _writtenBack);
            _writtenBack = _length;
        }
    }

    /// <summary>Says that nothing more comes and computes the digest.</summary>
    public Digest Complete()
    {
        Digest = _hash.Finish();
        Finish(failed: false);
        return Digest;
    }

    /// <summary>Makes the blob durable under its digest: flush, rename, flush of the directory.</summary>
    /// <exception cref="EngineException">InvalidArgument when digest or size are not the expected ones; nothing is stored then.</exception>
    public Task<Descriptor> CommitAsync(Digest? expected = null, long? size = null, string mediaType = "application/octet-stream") => Task.Run(() =>
    {
        Check(expected, size);
        DurableFile.Sync(_file);
        Publish();
        DurableFile.SyncDirectory(Path.GetDirectoryName(_store.PathOf(Digest))!);
        return new Descriptor { MediaType = mediaType, Digest = Digest, Size = Length };
    });

    /// <summary>A stream that reads what is written, waiting for more until the blob is complete. Blocks; for a thread of its own.</summary>
    public Stream OpenTail() => new BlobTail(this, _path);

    /// <summary>Opens the file that grows, for somebody who knows from elsewhere how much of it is there.</summary>
    public SafeFileHandle OpenGrowing() => File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);

    /// <summary>Opens the complete content for reading, wherever it is by now.</summary>
    public Stream OpenComplete() => _moved ? _store.OpenRead(Digest) : new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        Finish(failed: true);
        _hash.Dispose();
        _file.Dispose();
        if (!_moved && (!_keep || Length == 0))
        {
            File.Delete(_path);
        }

        _store.Forget(_path);
    }

    /// <summary>Gives the blob its final name without flushing anything: for a caller that has flushed the file system for many blobs at once.</summary>
    internal void Publish()
    {
        _store.Leases.Touch(Digest.ToString());
        File.Move(_path, _store.PathOf(Digest), overwrite: true);
        _moved = true;
    }

    internal void Check(Digest? expected, long? size)
    {
        if (!_complete)
        {
            Complete();
        }

        // Who sends a blob in pieces says only at its end what it is called.
        if (expected is { } named && named.Algorithm != Digest.Algorithm)
        {
            Digest = HashAgain(named.Algorithm);
        }

        if (size is { } bytes && bytes != Length)
        {
            throw EngineException.Invalid($"blob {expected ?? Digest} has {Length} bytes where {bytes} were expected");
        }

        if (expected is { } wanted && wanted != Digest)
        {
            throw EngineException.Invalid($"content does not match its digest: expected {wanted}, got {Digest}");
        }
    }

    /// <summary>Waits until there is more than <paramref name="offset"/> bytes; false when the blob ends there.</summary>
    internal bool WaitBeyond(long offset)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_length > offset || _complete)
                {
                    return _length > offset;
                }

                if (_failed)
                {
                    throw new EndOfStreamException("the blob was abandoned");
                }

                _grown.Reset();
            }

            _grown.Wait();
        }
    }

    /// <summary>Waits for the end of the blob.</summary>
    internal Digest WaitComplete()
    {
        while (WaitBeyond(long.MaxValue))
        {
        }

        return Digest;
    }

    private Digest HashAgain(string algorithm)
    {
        using var hash = new DigestHash(algorithm);
        var buffer = new byte[1 << 20];
        var at = 0L;
        for (int read; (read = RandomAccess.Read(_file, buffer, at)) > 0; at += read)
        {
            hash.Append(buffer.AsSpan(0, read));
        }

        return hash.Finish();
    }

    private void Finish(bool failed)
    {
        lock (_lock)
        {
            _complete |= !failed;
            _failed |= failed;
            _grown.Set();
        }
    }
}

/// <summary>Reads behind a <see cref="BlobWriter"/>.</summary>
internal sealed class BlobTail(BlobWriter writer, string path) : Stream
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || !writer.WaitBeyond(_position))
        {
            return 0;
        }

        var available = (int)Math.Min(buffer.Length, writer.Length - _position);
        var read = RandomAccess.Read(_file, buffer[..available], _position);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }
}
