using System.Security.Cryptography;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>Copies an image with all its platforms, its signatures and its attestations, byte for byte: digests stay what they are.</summary>
internal sealed class ImageCopy(ImagePlace source, ImagePlace target, Action<string> report)
{
    private const int Deepest = 4;

    // Where cosign keeps what belongs to an image, in registries without referrers.
    private static readonly string[] s_companions = ["sig", "att", "sbom"];

    private readonly HashSet<Digest> _done = [];

    /// <summary>Copies what the source was named with to the name of the target.</summary>
    /// <returns>Its digest.</returns>
    /// <exception cref="CommandException">Something is missing or does not match its digest.</exception>
    public async Task<Digest> RunAsync()
    {
        Document root = await source.FindAsync("") ?? throw new CommandException("the image to copy is not there");
        await CopyAsync(root, "", 0);
        return root.Digest;
    }

    private async Task CopyAsync(Document document, string reference, int depth)
    {
        if (depth > Deepest)
        {
            throw new CommandException("the image is nested too deeply");
        }

        if (MediaTypes.IsIndex(document.MediaType))
        {
            foreach (Descriptor child in Oci.Index.Parse(document.Content).Manifests)
            {
                await CopyAsync(child, depth + 1);
            }
        }
        else
        {
            Manifest manifest = Manifest.Parse(document.Content);
            foreach (Descriptor blob in manifest.Layers.Where(layer => !MediaTypes.IsForeignLayer(layer.MediaType)).Prepend(manifest.Config).DistinctBy(blob => blob.Digest))
            {
                await CopyBlobAsync(blob);
            }
        }

        await target.WriteAsync(document, reference);
        _done.Add(document.Digest);
        await CopyCompanionsAsync(document.Digest, depth);
    }

    private async Task CopyAsync(Descriptor child, int depth)
    {
        if (_done.Contains(child.Digest))
        {
            return;
        }

        Document found = await source.FindAsync(child.Digest.ToString()) ?? throw new CommandException($"manifest {child.Digest} is not there");
        await CopyAsync(found, child.Digest.ToString(), depth);
    }

    private async Task CopyCompanionsAsync(Digest digest, int depth)
    {
        foreach (Descriptor referrer in await source.ReferrersAsync(digest))
        {
            await CopyAsync(referrer, depth + 1);
        }

        foreach (string kind in s_companions)
        {
            string tag = $"{digest.Algorithm}-{digest.Hex}.{kind}";
            if (await source.FindAsync(tag) is { } companion && !_done.Contains(companion.Digest))
            {
                await CopyAsync(companion, tag, depth + 1);
            }
        }
    }

    private async Task CopyBlobAsync(Descriptor blob)
    {
        if (!_done.Add(blob.Digest))
        {
            return;
        }

        if (await target.HasAsync(blob, source))
        {
            report($"{blob.Digest.Short}: already there");
            return;
        }

        using IncrementalHash hash = Hashes.Begin(blob.Digest.Algorithm);
        await using (HashedReading content = new(await source.OpenAsync(blob), hash, blob))
        {
            await target.WriteAsync(blob, content);
        }

        report($"{blob.Digest.Short}: copied");
    }
}

/// <summary>Hashes a blob while it is read and fails at its end if it is not what its digest says, so that no target takes it for whole.</summary>
internal sealed class HashedReading(Stream inner, IncrementalHash hash, Descriptor blob) : Stream
{
    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Note(buffer.AsSpan(offset, inner.Read(buffer, offset, count)));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        return buffer.IsEmpty ? 0 : Note(buffer.Span[..read]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }

    private int Note(ReadOnlySpan<byte> data)
    {
        hash.AppendData(data);
        _length += data.Length;
        bool wrong = _length > blob.Size || (_length == blob.Size && !data.IsEmpty && Hashes.Finish(blob.Digest.Algorithm, hash) != blob.Digest) || (data.IsEmpty && _length != blob.Size);
        return wrong ? throw new CommandException($"blob {blob.Digest} does not match its digest or size") : data.Length;
    }
}
